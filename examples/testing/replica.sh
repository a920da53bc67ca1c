#!/bin/sh
# What is tested: a value kept on three machines. This end keeps it: `put VALUE` or `get` on stdin.
read -r verb value
case $verb in
put) echo "$value" >/srv/value && echo ok ;;
get) cat /srv/value ;;
esac
