#!/bin/sh
# And this one writes it: done when two of three have it.
acks=0
for replica in red green blue; do
  [ "$(echo "put $1" | busybox nc -w 2 $replica 7000)" = ok ] && acks=$((acks + 1))
done
echo "$acks of 3"
[ $acks -ge 2 ]
