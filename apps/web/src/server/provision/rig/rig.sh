#!/bin/sh
# Otedama's hands on a rig: sh rig.sh VERB [NAME=VALUE …]
#
#   look        what the machine is; changes nothing, needs no rights
#   inspect     what of Otedama is there; changes nothing, run as root
#   install     puts a staged agent in place and starts it; run as root
#   follow      waits for an installation that goes on and repeats what it says
#   commit      keeps what was installed
#   undo        puts back what was there before
#   uninstall   takes everything of Otedama away and says what it took
#
# An installation is one run of this script and does not end with the connection that began it: it either comes to its end or
# undoes itself. What it started it undoes after WAIT seconds unless `commit` came, so that a control plane that is gone leaves
# the rig as it was. Output: "@ STEP STATE words" for a step, "= NAME words" for a fact, anything else is a line of the log.
#
# OPT and DATA belong to the agent's own user, since an agent updates itself; what root runs and reads lies in ETC. Root writes nothing in
# the agent's folders in its own name: what lies there could be a link to anywhere.
#
# Plain POSIX, for dash and BusyBox.
umask 022
cd /
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C

OPT=/opt/otedama-agent
ETC=/etc/otedama-agent
DATA=/var/lib/otedama-agent
UNIT=/etc/systemd/system/otedama-agent.service
LOCK=/run/otedama-agent.lock
ACCOUNT=otedama-agent
NEED_KIB=262144
STAGE= LEFTOVER= VERSION= SHA256= WAIT=90 KEEP_IDENTITY=0 CONTROL_URL= LINE=0

VERB=${1:-}
[ $# -gt 0 ] && shift
for word in "$@"; do
  case $word in
    STAGE=/* | LEFTOVER=/* | OPT=/* | ETC=/* | DATA=/* | UNIT=/* | LOCK=/*) ;;
    ACCOUNT=[a-z]* | VERSION=[0-9]* | SHA256=[0-9a-f]* | CONTROL_URL=http*) ;;
    WAIT=[0-9]* | KEEP_IDENTITY=[01] | NEED_KIB=[0-9]* | LINE=[0-9]*) ;;
    *) echo "rig.sh: not understood: $word" >&2; exit 64 ;;
  esac
  name=${word%%=*}
  value=${word#*=}
  eval "$name=\$value"
done
UNDO=$ETC/.undo

# The reader may be gone; the work goes on.
say() {
  [ -n "$STAGE" ] && printf '%s\n' "$*" 2>/dev/null >>"$STAGE/log"
  printf '%s\n' "$*" 2>/dev/null || :
}
step() { STEP=$1; say "@ $1 running"; }
done_() { say "@ $STEP done $*"; }
has() { command -v "$1" >/dev/null 2>&1; }
fact() { printf '= %s %s\n' "$1" "$2"; }
systemd() { [ -d /run/systemd/system ] && has systemctl; }
free_kib() {
  at=$1
  while [ ! -d "$at" ]; do at=$(dirname "$at"); done
  df -Pk "$at" 2>/dev/null | awk 'NR == 2 { print $4 }'
}

look() {
  fact hostname "$(uname -n)"
  fact home "$HOME"
  fact os "$( (. /etc/os-release && echo "${PRETTY_NAME:-$NAME}") 2>/dev/null || uname -s)"
  fact kernel "$(uname -sr)"
  fact arch "$(uname -m)"
  fact libc "$( (getconf GNU_LIBC_VERSION || ldd --version 2>&1 | head -n 1) 2>/dev/null)"
  fact cpu "$(awk -F': *' '/^(model name|Model|Hardware)/ { print $2; exit }' /proc/cpuinfo 2>/dev/null)"
  fact cpu_threads "$(grep -c ^processor /proc/cpuinfo 2>/dev/null)"
  fact cpu_flags "$(awk -F': *' '/^(flags|Features)/ { print $2; exit }' /proc/cpuinfo 2>/dev/null | tr ' ' '\n' |
    grep -xE 'sse4_1|avx2|avx512f|avx512bw|sha_ni|sha2|asimd|aes' | tr '\n' ' ')"
  fact memory_kib "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo 2>/dev/null)"
  for card in /sys/bus/pci/devices/*; do
    case $(cat "$card/class" 2>/dev/null) in
      0x0300* | 0x0302*) fact gpu "$(cat "$card/vendor" 2>/dev/null) $(cat "$card/device" 2>/dev/null)" ;;
    esac
  done
  fact opt_free_kib "$(free_kib "$OPT")"
  fact home_free_kib "$(free_kib "$HOME")"
  if : 2>/dev/null >"$HOME/.otedama-write-test"; then
    rm -f "$HOME/.otedama-write-test"
    fact home_writable yes
  else
    fact home_writable no
  fi
  fact clock_s "$(date +%s)"
  fact reach "$(reach)"
  systemd && fact systemd yes || fact systemd no
  if [ "$(id -u)" = 0 ]; then
    fact sudo root
  elif ! has sudo; then
    fact sudo none
  elif sudo -k -n true >/dev/null 2>&1; then
    fact sudo free
  else
    fact sudo password
  fi
  for tool in sha256sum tar setsid awk; do has "$tool" || fact missing "$tool"; done
  has useradd || has adduser || fact missing useradd
  has openssl && fact openssl "$(openssl version 2>/dev/null)"
  if [ -L "$OPT/current" ]; then
    fact installed "$(basename "$(readlink "$OPT/current")")"
  elif [ -e "$OPT" ]; then
    fact installed unknown
  fi
  miners
}

# Other miners by the names of their programs.
miners() {
  for process in /proc/[0-9]*; do
    name=$(cat "$process/comm" 2>/dev/null) || continue
    case $name in
      xmrig* | cpuminer* | minerd | cgminer | bfgminer | ccminer | ethminer | t-rex | lolMiner | teamredminer | nbminer | miner | gminer | rigel | bzminer | SRBMiner* | PhoenixMiner | nanominer | wildrig* | hive-agent | hashcat)
        fact miner "$name (process ${process#/proc/})"
        ;;
    esac
  done | head -n 20
}

# Whether this machine gets to the control plane, by whatever it has to ask with.
reach() {
  [ -n "$CONTROL_URL" ] || { echo unknown; return; }
  if has curl; then
    curl -sS -o /dev/null -m 8 "$CONTROL_URL/" 2>&1 && echo yes || echo no
  elif has wget; then
    wget -q -T 8 -t 1 -O /dev/null "$CONTROL_URL/" 2>&1 && echo yes || echo no
  elif has python3; then
    python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=8)' "$CONTROL_URL/" >/dev/null 2>&1 && echo yes || echo no
  else
    echo unknown
  fi | tail -n 2 | tr '\n' ' '
}

inspect() {
  [ -e "$OPT" ] && fact folder "$OPT"
  [ -e "$ETC" ] && fact folder "$ETC"
  [ -e "$DATA" ] && fact folder "$DATA"
  [ -e "$UNIT" ] && fact file "$UNIT"
  id "$ACCOUNT" >/dev/null 2>&1 && fact account "$ACCOUNT"
  [ -L "$OPT/current" ] && fact version "$(basename "$(readlink "$OPT/current")")"
  [ -d "$UNDO" ] && fact half_done "$(cat "$UNDO/version" 2>/dev/null)"
  [ -f "$DATA/agent_id" ] && fact agent_id "$(read_data agent_id)"
  [ -f "$DATA/enrolment.json" ] && fact enrolled yes
  [ -f "$ETC/agent.json" ] && fact control_url "$(sed -n 's/.*"url"[: ]*"\(http[^"]*\)".*/\1/p' "$ETC/agent.json" | head -n 1)"
  running && fact running yes || fact running no
  :
}

running() {
  if systemd; then
    systemctl is-active --quiet otedama-agent 2>/dev/null
  else
    [ -n "$(supervisor)" ]
  fi
}

lock() {
  if mkdir "$LOCK" 2>/dev/null; then echo $$ >"$LOCK/pid"; return 0; fi
  if held; then return 1; fi
  rm -rf "$LOCK"
  mkdir "$LOCK" 2>/dev/null && echo $$ >"$LOCK/pid"
}
held() { holder=$(cat "$LOCK/pid" 2>/dev/null) && [ -n "$holder" ] && kill -0 "$holder" 2>/dev/null; }
unlock() { rm -rf "$LOCK"; }

# Keeps the words of what failed for `why`. Nothing is written for it: the disk may be what is wrong.
try() { WHY=$("$@" 2>&1 >/dev/null); }
why() { printf '%s' "${WHY:-it gave no reason}" | tr '\n' ' '; }

as_account() {
  if [ "$(id -u)" != 0 ]; then "$@"; return; fi
  if setpriv --version 2>/dev/null | grep -q util-linux; then
    setpriv --reuid "$ACCOUNT" --regid "$(id -g "$ACCOUNT")" --init-groups "$@"
  else
    su -s /bin/sh "$ACCOUNT" -c 'exec "$0" "$@"' -- "$@"
  fi
}
read_data() { as_account head -c 4096 "$DATA/$1" 2>/dev/null; }
write_opt() { as_account sh -c 'cat >"$1"' sh "$OPT/$1"; }
# The supervisor's process, when it really is one of the agent's user.
supervisor() {
  pid=$(read_data supervise.pid | tr -cd 0-9)
  [ -n "$pid" ] && [ "$(stat -c %u "/proc/$pid" 2>/dev/null)" = "$(id -u "$ACCOUNT" 2>/dev/null)" ] && echo "$pid"
}

fail() {
  say "@ $STEP failed $1"
  undo
  say "@ end failed"
  unlock
  exit 1
}

install() {
  trap '' HUP PIPE INT TERM
  if ! lock; then
    echo "@ begin failed Another installation or removal goes on on this rig."
    exit 75
  fi
  : >"$STAGE/log"
  STEP=begin
  [ -d "$UNDO" ] && { say "An installation that was broken off is undone first."; undo; }
  had_etc=0
  [ -d "$ETC" ] && had_etc=1
  if ! error=$(mkdir -p "$UNDO" 2>&1) || ! error=$(chmod 700 "$UNDO" 2>&1); then
    say "@ begin failed The folder $ETC cannot be made: $error"
    [ $had_etc = 0 ] && rm -rf "$ETC" 2>/dev/null
    say "@ end failed"
    unlock
    exit 1
  fi
  step begin
  try remember || fail "The present state cannot be kept: $(why)"
  done_ "The state before is kept in $UNDO."
  verify
  account
  place
  configure
  service
  step start
  try switch || fail "It cannot be switched to: $(why)"
  try start || fail "The agent does not start: $(why) $(last_words)"
  # Undone by itself when nobody says that the agent arrived.
  setsid sh "$ETC/rig.sh" deadline "WAIT=$WAIT" "OPT=$OPT" "ETC=$ETC" "DATA=$DATA" "UNIT=$UNIT" "LOCK=$LOCK" "ACCOUNT=$ACCOUNT" \
    </dev/null >/dev/null 2>&1 &
  done_ "The agent runs; it is kept when it has reported to the control plane within $WAIT s."
  say "@ end done"
  unlock
}

remember() {
  echo "$VERSION" >"$UNDO/version" || return 1
  : >"$UNDO/made" || return 1
  [ $had_etc = 0 ] && echo etc >>"$UNDO/made"
  [ -d "$OPT" ] || echo opt >>"$UNDO/made"
  [ -d "$DATA" ] || echo data >>"$UNDO/made"
  id "$ACCOUNT" >/dev/null 2>&1 || echo account >>"$UNDO/made"
  [ -d "$OPT/versions/$VERSION" ] || echo version >>"$UNDO/made"
  [ -L "$OPT/current" ] && { readlink "$OPT/current" >"$UNDO/current" || return 1; }
  for kept in "$UNIT" "$ETC/agent.json" "$ETC/rig.sh" "$ETC/supervise.sh" "$OPT/launch"; do
    [ -f "$kept" ] && { cp -p "$kept" "$UNDO/$(basename "$kept").before" || return 1; }
  done
  running && : >"$UNDO/ran"
  :
}

verify() {
  step verify
  found=$(sha256sum "$STAGE/otedama-agent" 2>/dev/null | cut -d ' ' -f 1)
  [ "$found" = "$SHA256" ] || fail "The uploaded agent has the SHA-256 ${found:-(none)}, and the signed release says $SHA256."
  grep -q "\"sha256\":\"$SHA256\"" "$STAGE/manifest.statement" || fail "The signed release does not name the SHA-256 $SHA256."
  case $(openssl version 2>/dev/null) in
    "OpenSSL 3"* | "OpenSSL 4"*)
      openssl pkeyutl -verify -pubin -inkey "$STAGE/control.pem" -rawin -in "$STAGE/manifest.statement" -sigfile "$STAGE/manifest.sig" \
        >/dev/null 2>&1 || fail "The release is not signed by this control plane's key."
      done_ "SHA-256 and signature are right (checked by this rig's sha256sum and openssl)."
      ;;
    *) done_ "The SHA-256 is right (checked by this rig's sha256sum); this rig has no OpenSSL 3 to check the signature with: the control plane did before it sent it." ;;
  esac
}

account() {
  step account
  if id "$ACCOUNT" >/dev/null 2>&1; then
    done_ "The system user $ACCOUNT is there already."
    return
  fi
  nologin=/usr/sbin/nologin
  [ -x $nologin ] || nologin=/bin/false
  if has useradd; then
    try useradd --system --user-group --home-dir "$DATA" --no-create-home --shell $nologin "$ACCOUNT" || fail "The system user $ACCOUNT cannot be made: $(why)"
  else
    try adduser -S -D -H -h "$DATA" -s $nologin "$ACCOUNT" || fail "The system user $ACCOUNT cannot be made: $(why)"
  fi
  # GPUs belong to these groups, where there are any.
  for group in video render; do
    grep -q "^$group:" /etc/group && has usermod && usermod -a -G $group "$ACCOUNT" 2>/dev/null
  done
  done_ "The system user $ACCOUNT was made; nobody can sign in as it."
}

place() {
  step place
  kib=$(($(wc -c <"$STAGE/otedama-agent") / 1024 + 1024))
  free=$(free_kib "$OPT")
  [ "${free:-0}" -gt "$kib" ] || fail "$OPT has ${free:-0} KiB free and $kib KiB are needed: make room on that disk."
  try mkdir -p "$OPT" && try chown "$ACCOUNT:" "$OPT" && try chmod 755 "$OPT" && try as_account mkdir -p "$OPT/versions" || fail "$OPT cannot be made: $(why)"
  target=$OPT/versions/$VERSION
  new=versions/.$VERSION.new
  as_account rm -rf "$OPT/$new" "$target.old"
  try as_account mkdir "$OPT/$new" && try write_opt "$new/otedama-agent" <"$STAGE/otedama-agent" && try write_opt "$new/release.json" <"$STAGE/manifest.signed" &&
    try as_account chmod 755 "$OPT/$new/otedama-agent" || {
    reason=$(why)
    as_account rm -rf "$OPT/$new"
    fail "The agent cannot be written: $reason"
  }
  # What counts is what lies in its final place.
  [ "$(as_account sha256sum "$OPT/$new/otedama-agent" | cut -d ' ' -f 1)" = "$SHA256" ] || {
    as_account rm -rf "$OPT/$new"
    fail "What was written is not what was uploaded: the disk may be failing."
  }
  sync 2>/dev/null
  [ -d "$target" ] && as_account mv "$target" "$target.old"
  try as_account mv "$OPT/$new" "$target" || fail "$target cannot be put in place: $(why)"
  as_account rm -rf "$target.old"
  try write_opt launch.new <"$STAGE/launch" && try as_account chmod 755 "$OPT/launch.new" && try as_account mv "$OPT/launch.new" "$OPT/launch" &&
    try cp "$STAGE/rig.sh" "$ETC/rig.sh" && try cp "$STAGE/supervise.sh" "$ETC/supervise.sh" || fail "What starts the agent cannot be written: $(why)"
  chmod 755 "$ETC/rig.sh" "$ETC/supervise.sh"
  done_ "$target"
}

configure() {
  step configure
  try mkdir -p "$ETC" && try mkdir -p "$DATA" && try chown "$ACCOUNT:" "$DATA" && try chmod 700 "$DATA" || fail "The folders cannot be made: $(why)"
  if [ "$KEEP_IDENTITY" = 0 ]; then
    for kept in enrolment.json identity.pem; do
      [ -f "$DATA/$kept" ] && { try mv "$DATA/$kept" "$UNDO/$kept.before" || fail "The old identity cannot be put aside: $(why)"; }
    done
  fi
  try cp "$STAGE/agent.json.final" "$UNDO/agent.json.final" && try settings "$STAGE/agent.json" || fail "The settings cannot be written: $(why)"
  chmod 755 "$ETC"
  done_ "$ETC/agent.json, for root and $ACCOUNT only."
}

# The settings with the token in them, and those without it once it is spent: nobody but root and the agent reads either.
settings() {
  (umask 077 && cp "$1" "$ETC/agent.json.new") && chgrp "$(id -g "$ACCOUNT")" "$ETC/agent.json.new" && chmod 640 "$ETC/agent.json.new" &&
    mv "$ETC/agent.json.new" "$ETC/agent.json"
}

service() {
  step service
  if ! systemd; then
    done_ "This rig has no systemd: the agent runs in the foreground of $ETC/supervise.sh, which starts it again when it ends."
    return
  fi
  try cp "$STAGE/otedama-agent.service" "$UNIT.new" && try mv "$UNIT.new" "$UNIT" || fail "The unit cannot be written: $(why)"
  chmod 644 "$UNIT"
  try systemctl daemon-reload || fail "systemd does not take the unit: $(why)"
  done_ "$UNIT"
}

# The link is replaced in one step.
point() {
  as_account ln -sfn "$1" "$OPT/current.new" && { as_account mv -T "$OPT/current.new" "$OPT/current" 2>/dev/null || {
    as_account rm -f "$OPT/current.new"
    as_account ln -sfn "$1" "$OPT/current"
  }; }
}
switch() { as_account rm -f "$OPT/trial" "$OPT/trial.starts" && point "versions/$VERSION"; }

start() {
  if systemd; then
    systemctl enable --quiet otedama-agent >&2 && systemctl restart otedama-agent >&2
    return
  fi
  stop
  setsid sh "$ETC/supervise.sh" "OPT=$OPT" "ETC=$ETC" "DATA=$DATA" "ACCOUNT=$ACCOUNT" </dev/null >/dev/null 2>&1 &
  n=0
  while ! running; do
    n=$((n + 1))
    [ $n -gt 100 ] && { echo "supervise.sh did not start" >&2; return 1; }
    sleep 0.1 2>/dev/null || sleep 1
  done
}

stop() {
  if systemd; then
    [ -f "$UNIT" ] && systemctl stop otedama-agent >/dev/null 2>&1
    return 0
  fi
  pid=$(supervisor)
  [ -n "$pid" ] || return 0
  kill -TERM "$pid" 2>/dev/null
  n=0
  while kill -0 "$pid" 2>/dev/null; do
    n=$((n + 1))
    [ $n -gt 200 ] && kill -KILL "$pid" 2>/dev/null
    [ $n -gt 250 ] && break
    sleep 0.1 2>/dev/null || sleep 1
  done
  rm -f "$DATA/supervise.pid"
}

last_words() {
  if systemd; then journalctl -u otedama-agent -n 3 --no-pager -o cat 2>/dev/null; else as_account tail -n 3 "$DATA/agent.log" 2>/dev/null; fi | tr '\n' ' '
}

deadline() {
  trap '' HUP PIPE
  n=0
  while [ $n -lt "$WAIT" ]; do
    [ -d "$UNDO" ] || exit 0
    sleep 1
    n=$((n + 1))
  done
  lock || exit 0
  [ -d "$UNDO" ] && undo
  unlock
}

commit() {
  trap '' HUP PIPE
  if ! lock; then echo "@ commit failed An installation goes on."; exit 75; fi
  if [ ! -d "$UNDO" ]; then
    unlock
    echo "@ commit failed It was undone on the rig: nobody said in time that the agent arrived."
    exit 1
  fi
  if ! try settings "$UNDO/agent.json.final"; then
    unlock
    echo "@ commit failed The settings cannot be written: $(why)"
    exit 1
  fi
  kept=$(cat "$UNDO/current" 2>/dev/null)
  rm -rf "$UNDO"
  # The one that runs and the one before it.
  for old in "$OPT"/versions/*; do
    [ -d "$old" ] || continue
    case "versions/$(basename "$old")" in "$(readlink "$OPT/current")" | "$kept") ;; *) as_account rm -rf "$old"; echo "Removed the old $old." ;; esac
  done
  unlock
  echo "@ commit done Version $(basename "$(readlink "$OPT/current")") stays."
}

made() { grep -qx "$1" "$UNDO/made" 2>/dev/null; }
back() { [ -f "$UNDO/$1.before" ] && cp -p "$UNDO/$1.before" "$2"; }

# Puts back what `remember` kept; whatever is not there is passed over, so that it may be run over itself.
undo() {
  [ -d "$UNDO" ] || { say "There is nothing to undo."; return 0; }
  say "@ undo running"
  stop
  last=$(last_words)
  version=$(cat "$UNDO/version" 2>/dev/null)
  back "$(basename "$UNIT")" "$UNIT" || {
    if [ -f "$UNIT" ]; then
      systemd && systemctl disable --quiet otedama-agent >/dev/null 2>&1
      rm -f "$UNIT"
    fi
  }
  rm -f "$UNIT.new"
  systemd && systemctl daemon-reload >/dev/null 2>&1
  if [ -f "$UNDO/current" ]; then
    point "$(cat "$UNDO/current")"
  else
    as_account rm -f "$OPT/current" 2>/dev/null
  fi
  if [ -d "$OPT" ] && id "$ACCOUNT" >/dev/null 2>&1; then
    as_account rm -rf "$OPT/versions/.$version.new" "$OPT/launch.new" "$OPT/trial" "$OPT/trial.starts"
    [ -n "$version" ] && made version && as_account rm -rf "$OPT/versions/$version"
    [ -f "$UNDO/launch.before" ] && write_opt launch <"$UNDO/launch.before"
  fi
  back rig.sh "$ETC/rig.sh" || rm -f "$ETC/rig.sh"
  back supervise.sh "$ETC/supervise.sh" || rm -f "$ETC/supervise.sh"
  rm -f "$ETC/agent.json.new"
  back agent.json "$ETC/agent.json" || rm -f "$ETC/agent.json"
  for kept in enrolment.json identity.pem; do
    [ -f "$UNDO/$kept.before" ] && mv -f "$UNDO/$kept.before" "$DATA/$kept"
  done
  made data && rm -rf "$DATA"
  made opt && rm -rf "$OPT"
  made account && remove_account
  if [ -f "$UNDO/ran" ]; then
    start 2>/dev/null && words="The agent that ran before runs again." || words="The agent that ran before is in place but does not start."
  else
    words="Nothing of it is left."
  fi
  [ -n "$last" ] && say "The agent's last words: $last"
  say "@ undo done $words"
  if made etc; then rm -rf "$ETC"; else rm -rf "$UNDO"; fi
}

# Whoever runs as this user is the agent or was started by it.
end_processes() {
  uid=$(id -u "$ACCOUNT" 2>/dev/null) && [ "$uid" != 0 ] || return 0
  for process in /proc/[0-9]*; do
    [ "$(stat -c %u "$process" 2>/dev/null)" = "$uid" ] && kill -KILL "${process#/proc/}" 2>/dev/null
  done
  return 0
}

remove_account() {
  end_processes
  if has userdel; then userdel "$ACCOUNT" >/dev/null 2>&1 || { sleep 1; end_processes; }; fi
  id "$ACCOUNT" >/dev/null 2>&1 && if has userdel; then userdel "$ACCOUNT" >/dev/null 2>&1; else deluser "$ACCOUNT" >/dev/null 2>&1; fi
  if grep -q "^$ACCOUNT:" /etc/group; then
    if has groupdel; then groupdel "$ACCOUNT" >/dev/null 2>&1; else delgroup "$ACCOUNT" >/dev/null 2>&1; fi
  fi
  ! id "$ACCOUNT" >/dev/null 2>&1
}

# Says again what an installation said from line LINE on, until it is at its end.
follow() {
  at=$LINE
  while :; do
    going=0
    held && going=1
    if [ -f "$STAGE/log" ]; then
      tail -n "+$((at + 1))" "$STAGE/log" 2>/dev/null
      at=$(wc -l <"$STAGE/log" 2>/dev/null || echo "$at")
    fi
    [ $going = 1 ] || break
    sleep 1
  done
  if [ -d "$UNDO" ]; then echo "@ follow done waiting"; else echo "@ follow done over"; fi
}

uninstall() {
  trap '' HUP PIPE
  step stop
  if ! lock; then echo "@ stop failed An installation goes on on this rig."; exit 75; fi
  [ -f "$DATA/agent_id" ] && fact agent_id "$(read_data agent_id)"
  stop
  done_ "The agent is stopped."
  step remove
  if [ -f "$UNIT" ]; then
    systemd && systemctl disable --quiet otedama-agent >/dev/null 2>&1
    rm -f "$UNIT" && say "removed the service $UNIT"
    systemd && systemctl daemon-reload >/dev/null 2>&1 && systemctl reset-failed otedama-agent >/dev/null 2>&1
  fi
  if [ -d "$UNIT.d" ]; then rm -rf "$UNIT.d" && say "removed the folder $UNIT.d"; fi
  for folder in "$OPT" "$ETC" "$DATA" "$LEFTOVER"; do
    [ -n "$folder" ] && [ -e "$folder" ] || continue
    count=$(find "$folder" ! -type d 2>/dev/null | wc -l)
    rm -rf "$folder" && printf 'removed the folder %s (%s files)\n' "$folder" "$((count))"
  done
  if id "$ACCOUNT" >/dev/null 2>&1; then
    remove_account && echo "removed the system user $ACCOUNT"
  fi
  left=
  for path in "$OPT" "$ETC" "$DATA" "$LEFTOVER" "$UNIT" "$UNIT.d" /etc/systemd/system/multi-user.target.wants/otedama-agent.service; do
    if [ -n "$path" ] && { [ -e "$path" ] || [ -L "$path" ]; }; then left="$left $path"; fi
  done
  id "$ACCOUNT" >/dev/null 2>&1 && left="$left user:$ACCOUNT"
  unlock
  if [ -n "$left" ]; then
    echo "@ remove failed These are left:$left"
    exit 1
  fi
  echo "@ remove done Nothing of Otedama is left on this rig."
}

case $VERB in
  look | inspect | install | commit | follow | uninstall | deadline) $VERB ;;
  undo)
    trap '' HUP PIPE
    lock || exit 75
    undo
    unlock
    ;;
  *)
    sed -n '2,10p' "$0" >&2
    exit 64
    ;;
esac
