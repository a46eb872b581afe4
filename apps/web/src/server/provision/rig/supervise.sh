#!/bin/sh
# Keeps Otedama's agent running where there is no systemd: sh supervise.sh [NAME=VALUE …], as root, which it gives up, or as the agent's own user.
# It stays in the foreground, so that any init can look after it; the pause between starts grows from 1 s to 60 s while the agent
# does not stay up for a minute. TERM ends both. The agent's output is kept in DATA/agent.log, at most 2 × 5 MiB.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
OPT=/opt/otedama-agent
ETC=/etc/otedama-agent
DATA=/var/lib/otedama-agent
ACCOUNT=otedama-agent
for word in "$@"; do
  case $word in
    OPT=/* | ETC=/* | DATA=/* | ACCOUNT=[a-z]*) name=${word%%=*}; value=${word#*=}; eval "$name=\$value" ;;
    *) echo "supervise.sh: not understood: $word" >&2; exit 64 ;;
  esac
done
# Neither this nor the agent runs as root: what lies in DATA is the agent's, and root would follow links that lie there.
if [ "$(id -u)" = 0 ]; then
  if setpriv --version 2>/dev/null | grep -q util-linux; then
    exec setpriv --reuid "$ACCOUNT" --regid "$(id -g "$ACCOUNT")" --init-groups --no-new-privs sh "$0" "$@"
  fi
  exec su -s /bin/sh "$ACCOUNT" -c 'exec sh "$0" "$@"' -- "$0" "$@"
fi
LOG=$DATA/agent.log
LOG_BYTES_MAX=5242880

if old=$(cat "$DATA/supervise.pid" 2>/dev/null) && [ "$old" != $$ ] && kill -0 "$old" 2>/dev/null; then
  echo "supervise.sh runs already, as process $old" >&2
  exit 1
fi
echo $$ >"$DATA/supervise.pid" || exit 1

child=
ending=0
end() {
  ending=1
  [ -n "$child" ] && kill -TERM "$child" 2>/dev/null
}
trap end TERM INT HUP

pause=1
cd "$DATA" || exit 1
while [ $ending = 0 ]; do
  began=$(date +%s)
  (exec "$OPT/launch" --settings "$ETC/agent.json") >>"$LOG" 2>&1 &
  child=$!
  while kill -0 $child 2>/dev/null; do
    sleep 1 &
    wait $! 2>/dev/null
    if [ $ending = 0 ] && [ "$(wc -c <"$LOG" 2>/dev/null || echo 0)" -gt $LOG_BYTES_MAX ]; then
      cp "$LOG" "$LOG.1" && : >"$LOG"
    fi
  done
  wait $child
  code=$?
  child=
  [ $ending = 1 ] && break
  [ $(($(date +%s) - began)) -ge 60 ] && pause=1
  echo "supervise.sh: the agent ended with $code and is started again in $pause s" >>"$LOG"
  n=0
  while [ $n -lt $pause ] && [ $ending = 0 ]; do
    sleep 1 &
    wait $! 2>/dev/null
    n=$((n + 1))
  done
  pause=$((pause * 2))
  [ $pause -gt 60 ] && pause=60
done
rm -f "$DATA/supervise.pid"
