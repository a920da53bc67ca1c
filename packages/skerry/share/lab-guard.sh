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

# The first process of the namespace, and the kernel ends the rest; the outermost, which has the lock, then ends last.
end_sandbox() {
  pid= started=
  read -r pid started 2>/dev/null <"$1" || [ -n "$pid" ] || return 0
  # A pid may have been given to another process since: its start time tells.
  [ "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 20)" = "$started" ] || return 0
  read -r child _ 2>/dev/null <"/proc/$pid/task/$pid/children" || child=$pid
  kill -KILL "$child" 2>/dev/null
}

# What was being started at that moment may still write: until nothing is left.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  for lock in "$root"/labs/*/sandbox.lock; do
    [ -e "$lock" ] || continue
    flock -n "$lock" true && continue
    end_sandbox "${lock%.lock}.pid"
    flock -w 5 "$lock" true
  done
  # Files of other ids of the user's are only for the root of a namespace to remove.
  rm -rf -- "$root" 2>/dev/null ||
    unshare --user --map-root-user --map-auto rm -rf -- "$root" 2>/dev/null
  [ -e "$root" ] || exit 0
  sleep 0.2
done
exit 1
