#!/bin/sh
# Makes the folder of a temporary lab below $1 and prints it; when whoever started this is gone (its end of our stdin
# closes, also by kill -9), ends what runs in there and removes the folder.
#   $1  an existing folder
set -u
trap '' HUP INT TERM PIPE
cd /
root=$(mktemp -d "$1/skerry-XXXXXX") || exit 1
echo "$root"
cat >/dev/null

# The outermost process of the sandbox in folder $1. A pid may have been given to another one since: its start time tells.
# Who was killed before it could write the pid down left the kernel's list of locks, by inode.
sandbox_pid() {
  if read -r pid started 2>/dev/null <"$1/sandbox.pid" || [ -n "${started-}" ]; then
    now=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 20)
    [ "$now" = "$started" ] && echo "$pid" && return
  fi
  inode=$(stat -c %i "$1/sandbox.lock")
  while read -r _ kind _ _ pid file _; do
    [ "$kind" = FLOCK ] && [ "${file##*:}" = "$inode" ] || continue
    read -r name 2>/dev/null <"/proc/$pid/comm" || continue
    case $name in flock | unshare) echo "$pid" && return ;; esac
  done </proc/locks
}

# The first process of the namespace is killed, and the kernel ends the rest; the outermost, which has the lock, ends last.
end_sandbox() {
  pid=$(sandbox_pid "$1")
  [ -n "$pid" ] || return 0
  read -r child _ 2>/dev/null <"/proc/$pid/task/$pid/children" || child=$pid
  kill -KILL "$child" 2>/dev/null
}

# What was being started at that moment may still write: until nothing is left. Nothing is removed under who lives.
tries=0
while [ $((tries += 1)) -le 100 ]; do
  alive=
  for lock in "$root"/labs/*/sandbox.lock; do
    [ -e "$lock" ] && ! flock -n "$lock" true || continue
    end_sandbox "${lock%/*}"
    flock -w 0.3 "$lock" true || alive=yes
  done
  [ -z "$alive" ] || continue
  # Files of other ids of the user's are only for the root of a namespace to remove.
  rm -rf -- "$root" 2>/dev/null ||
    unshare --user --map-root-user --map-auto rm -rf -- "$root" 2>/dev/null
  [ -e "$root" ] || exit 0
  sleep 0.2
done
echo "$root is still in use" >&2
exit 1
