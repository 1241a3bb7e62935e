#!/bin/sh
# A Slurm cluster of two virtual nodes on this machine, to try the profile: virtual_slurm.sh start|stop FOLDER.
# Needs root and, on Debian, slurm-wlm and munge. FOLDER keeps its state and logs. The config has to be in
# /etc/slurm, where the steps of jobs look for it; one that is there already is left alone. Jobs that have ended are
# listed in FOLDER/jobs.txt.
set -eu
folder=$2
config=/etc/slurm/slurm.conf
mark="# written by virtual_slurm.sh"

stop() {
    for daemon in slurmd.n1 slurmd.n2 slurmctld; do
        if [ -f "$folder/$daemon.pid" ]; then kill "$(cat "$folder/$daemon.pid")" 2>/dev/null || true; fi
    done
    if grep -qs "$mark" "$config"; then rm "$config"; fi
}

munge_key() {
    [ -s /etc/munge/munge.key ] || mungekey --create
    mkdir -p /run/munge
    chown munge: /etc/munge /etc/munge/munge.key /run/munge
    chmod 755 /run/munge
}

start() {
    if [ -e "$config" ] && ! grep -q "$mark" "$config"; then
        echo "$config is another cluster's" >&2
        exit 1
    fi
    mkdir -p /etc/slurm "$folder/controller" "$folder/n1" "$folder/n2"
    munge -n >/dev/null 2>&1 || { munge_key && runuser -u munge -- munged; }
    host=$(hostname -s)
    # A job that holds more memory than it asked for is ended; a node may claim cores that others claim, too.
    cat > "$config" <<CONFIG
$mark
ClusterName=virtual
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$folder/controller
SlurmdSpoolDir=$folder/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/jobs.txt
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=0
SlurmdParameters=config_overrides
NodeName=n[1-2] NodeAddr=127.0.0.1 NodeHostname=$host Port=[7001-7002] CPUs=2 RealMemory=10000
PartitionName=virtual Nodes=n[1-2] Default=YES MaxTime=02:00:00 State=UP
CONFIG
    slurmctld
    slurmd -N n1
    slurmd -N n2
    tries=0
    until [ "$(sinfo --noheader --format=%T 2>/dev/null | sort -u)" = idle ]; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || { echo "no idle nodes; see $folder" >&2; exit 1; }
        sleep 0.2
    done
}

"$1"
