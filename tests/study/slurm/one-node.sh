#!/usr/bin/env bash
# A real SLURM of one node on this machine, for the tests that are marked slurm: munged, slurmctld and slurmd on loopback.
#
#   eval "$(tests/study/slurm/one-node.sh start [CPUS])"    # as root; prints the SLURM_CONF of the cluster
#   tests/study/slurm/one-node.sh stop
#
# Everything is below $SLURM_TEST_DIR, by default in the folder for temporary files; nothing in /etc is read or changed.
# There is no accounting, so sacct has nothing to say, as on many small clusters.
set -euo pipefail
dir=${SLURM_TEST_DIR:-${TMPDIR:-/tmp}/lnpatch-slurm}
node=$(hostname -s)
export SLURM_CONF=$dir/slurm.conf

is_running() { [ -f "$dir/$1.pid" ] && kill -0 "$(cat "$dir/$1.pid")" 2>/dev/null; }

case ${1:-start} in
start)
    for command in munged slurmctld slurmd; do
        command -v "$command" >/dev/null || { echo "there is no $command: apt-get install slurm-wlm munge" >&2; exit 5; }
    done
    mkdir -p "$dir/state" "$dir/spool"
    # a munged of its own, with a key of its own; cred_expire: a job that is queued again waits until its credentials have
    # expired, two minutes by default
    cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthInfo=socket=$dir/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmdSpoolDir=$dir/spool
StateSaveLocation=$dir/state
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
KillWait=5
NodeName=$node NodeAddr=127.0.0.1 CPUs=${2:-2} State=UNKNOWN
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF
    [ -f "$dir/munge.key" ] || (umask 077 && head -c 64 /dev/urandom >"$dir/munge.key")
    # --force: all is root's here, so the folder may be closed to others
    is_running munged || munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
        --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" --seed-file="$dir/munge.seed" 2>"$dir/munged.err"
    is_running slurmctld || slurmctld
    is_running slurmd || slurmd -N "$node"
    for _ in $(seq 60); do
        sinfo -h -o %T 2>/dev/null | grep -qE 'idle|mixed|alloc' && { echo "export SLURM_CONF=$SLURM_CONF"; exit 0; }
        sleep 0.5
    done
    sinfo >&2 || true
    tail -n 20 "$dir"/*.log "$dir/munged.err" >&2
    exit 1
    ;;
stop)
    for name in slurmd slurmctld munged; do
        if is_running "$name"; then kill "$(cat "$dir/$name.pid")"; fi
    done
    ;;
esac
