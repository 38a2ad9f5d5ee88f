# Builds a wall by hand, in namespaces that `unshare` has just made, where there is no bubblewrap.
# Arguments: a directory to build in, which is empty behind the wall; pairs of a word and a path
# (see `tungsten.wall`); `--`; the program.
# Whatever cannot be hidden ends everything: nothing runs behind half a wall.

set -eu
PATH=$PATH:/usr/sbin:/sbin

mount --make-rprivate /
base=$1
shift
mount -t tmpfs -o mode=0700 tungsten "$base"
root=$base/root
mkdir "$root"
mount --rbind / "$root"
# The copy of the place that the copy lies in.
mount -t tmpfs tungsten "$root$base"

mount -t proc proc "$root/proc"
# `_SETTINGS` in `tungsten.wall`; only root could write there, and out through it.
for place in sys sysrq-trigger irq bus fs acpi scsi mtrr; do
  place=$root/proc/$place
  [ -e "$place" ] || continue
  mount --bind "$place" "$place"
  mount -o remount,bind,ro,nosuid,nodev,noexec "$place" 2>/dev/null || true
done
[ ! -w "$root/proc/sys/kernel/core_pattern" ]
mount -t tmpfs -o mode=0755 tungsten "$root/dev"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for name in 0:stdin 1:stdout 2:stderr; do
  ln -s "/proc/self/fd/${name%:*}" "$root/dev/${name#*:}"
done

# Everything is read-only as far as the system lets us say so; hiding does not depend on it.
while read -r _ _ _ _ point options _; do
  case $point in
    "$root" | "$root"/*) ;;
    *) continue ;;
  esac
  case $point in
    "$root/proc"* | "$root/dev"*) continue ;;
  esac
  printf -v point %b "$point"
  mount -o "remount,bind,ro,${options#rw,}" "$point" 2>/dev/null || true
done </proc/self/mountinfo

make() {
  if [ -d "$1" ]; then mkdir -p "$root$1"; else
    mkdir -p "$root${1%/*}"
    [ -e "$root$1" ] || : >"$root$1"
  fi
}

cwd=/
while [ "$1" != -- ]; do
  case $1 in
    empty)
      case $2 in
        /dev/*) ;;
        *)
          [ -d "$root$2" ] || mkdir -p "$root$2"
          mount -t tmpfs -o mode=0755 tungsten "$root$2"
          ;;
      esac
      ;;
    show)
      make "$2"
      mount --rbind "$2" "$root$2"
      mount -o remount,bind,ro "$root$2" 2>/dev/null || true
      ;;
    write)
      make "$2"
      mount --rbind "$2" "$root$2"
      ;;
    mask) mount --bind /dev/null "$root$2" ;;
    note*)
      mkdir -p "$root${2%/*}"
      (umask 077 && cat <&"${1#note}" >"$root$2")
      eval "exec ${1#note}<&-"
      ;;
    cwd) cwd=$2 ;;
    *) exit 2 ;;
  esac
  shift 2
done
shift
chmod 1777 "$root/tmp"

cd "$root"
pivot_root . .
umount -l .
cd "$cwd"
exec setpriv --no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- "$@"
