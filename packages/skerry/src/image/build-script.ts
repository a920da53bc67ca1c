/**
 * What runs as (mapped) root in a namespace of its own, with the staging folder as working directory:
 * mmdebstrap's arguments are `$@`; the rest comes through the environment. Everything it makes is in `root` (owned by
 * sub-ids), `boot` and `disk.qcow2`.
 *
 * The shell is pid 1 there and waits on stdin: when skerry is gone, by whatever signal, the pipe closes, the shell
 * ends, and the kernel ends all the rest.
 */
export const BUILD_SCRIPT: string = `set -eu
umask 022
trap 'exit 143' TERM
# A background list has /dev/null as stdin.
exec 3<&0
build() {
  set -eu
  mmdebstrap --verbose --mode=root --format=directory --variant=apt \\
    --customize-hook='sh -eu kernel.sh "$1"' "$@" </dev/null
  [ -s boot/vmlinuz ]
  echo 'skerry: disk'
  (cd root; while read -r pattern; do rm -rf $pattern; done <../removed)
  cp -R --no-preserve=ownership overlay/. root/
  find root -xdev -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  mke2fs -q -F -t ext4 -d root -m 0 -L root -U "$FS_UUID" -J size=16 -I 256 -N 524288 -b 4096 \\
    -O none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize \\
    -E "hash_seed=$FS_UUID,lazy_itable_init=1,assume_storage_prezeroed=1,root_owner=0:0" disk.raw "$DISK_KIB"k
  # mke2fs takes ctime and atime from the files we unpacked a moment ago.
  set -- $(dumpe2fs -h disk.raw 2>/dev/null | sed -n 's/^\\(Inode count\\|Free inodes\\): *//p')
  seq $(($1 - $2)) | sed "s/.*/sif <&> ctime @$SOURCE_DATE_EPOCH\\nsif <&> atime @$SOURCE_DATE_EPOCH/" >times
  debugfs -w -f times disk.raw >/dev/null 2>&1
  qemu-img convert -f raw -O qcow2 disk.raw disk.qcow2
  rm -f disk.raw
}
build "$@" 3<&- &
build=$!
(read -r _ <&3 || true; kill -TERM 1) &
wait $build
`;

/**
 * Takes the kernel out of its package instead of installing it: QEMU boots it from the store, so the guest needs only
 * its modules, and no package ever sets off an update of an initrd in there. mmdebstrap gives the root as \`$1\`.
 */
export const KERNEL_SCRIPT: string = `echo 'skerry: kernel'
staging=$PWD
cd "$1/tmp"
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
package=$(apt-cache depends "$KERNEL_PACKAGE" | sed -n 's/.*Depends: \\(linux-image-.*\\)/\\1/p')
apt-get download -o APT::Sandbox::User=root "$package" >/dev/null
mkdir kernel
dpkg-deb -x "$package"_*.deb kernel
release=$(ls kernel/lib/modules)
mv kernel/lib/modules "$1/usr/lib/modules"
cp kernel/boot/vmlinuz-* "$staging/boot/vmlinuz"
rm -rf kernel "$package"_*.deb
chroot "$1" /sbin/depmod "$release"
cp "$1/usr/lib/modules/$release/modules.dep" "$staging/boot/"
cp "$1/bin/busybox" "$staging/boot/"
grep -E '/(virtio|failover|net_failover)[^/]*\\.ko:' "$staging/boot/modules.dep" | cut -d: -f1 | while read -r path; do
  mkdir -p "$staging/boot/\${path%/*}"
  cp "$1/usr/lib/modules/$release/$path" "$staging/boot/$path"
done
`;
