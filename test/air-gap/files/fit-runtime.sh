#!/bin/sh
# Stands before runc where a machine may not grant all that container engines ask for by default, such as
# CAP_SYS_RESOURCE: takes from the description of the process what this process does not have itself.
real=/usr/sbin/runc
verb='' bundle=. process='' before=''
for word; do
  case $before in
    --bundle | -b) bundle=$word ;;
    --process | -p) process=$word ;;
  esac
  case $word in
    --bundle=*) bundle=${word#*=} ;;
    --process=*) process=${word#*=} ;;
    create | run | restore | exec) [ -n "$verb" ] || verb=$word ;;
  esac
  before=$word
done
case $verb in
  create | run | restore) file=$bundle/config.json path='["process"]' ;;
  exec) file=$process path='[]' ;;
  *) exec "$real" "$@" ;;
esac
if [ -f "$file" ]; then
  held=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)
  jq -c --argjson path "$path" --argjson held "$(printf %d "0x$held")" \
    --argjson oom "$(cat /proc/self/oom_score_adj)" \
    --arg limits "$(prlimit --raw --noheadings --output RESOURCE,HARD)" '
    ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
      NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
      SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
      AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
      PERFMON BPF CHECKPOINT_RESTORE" | [splits("\\s+")]) as $names
    | ([range($names | length) | select(($held / pow(2; .) | floor) % 2 == 1) | "CAP_" + $names[.]]) as $own
    | ($limits | [split("\n")[] | split(" ") | {("RLIMIT_" + .[0]): (.[1] | tonumber? // null)}] | add) as $most
    | def fit:
        if .capabilities then .capabilities |= map_values(if . then map(select(IN($own[]))) else . end) else . end
        | if (.oomScoreAdj // $oom) < $oom then .oomScoreAdj = $oom else . end
        | if .rlimits then .rlimits |= [.[]
            # Above 2^53 jq would write another number: no limit is what was meant.
            | select(.hard < 9007199254740992)
            | $most[.type] as $max
            | if $max and .hard > $max then .hard = $max else . end
            | if .soft > .hard then .soft = .hard else . end] else . end;
      if getpath($path) then setpath($path; getpath($path) | fit) else . end
  ' "$file" >"$file.fit" && cat "$file.fit" >"$file"
  rm -f "$file.fit"
fi
exec "$real" "$@"
