#!/usr/bin/env bash
# All that is known of a GPU only on a GPU, in ten minutes at most: checks, short trainings, and how long updates take.
#
#     LNPATCH_UPSTREAM=FOLDER tests/benchmarks/gpu.sh OUT
#
# FOLDER has clones of the three repositories: skip-thoughts, order-embedding, Attentive_reader (branch bn). Python (PYTHON,
# by default python3) has lnpatch's extras pytensor and dev, jax[cuda12] or jax[cuda13], and PyTorch for the cells by hand.
# It measures the tree that it stands in, and compiles everything anew, unless LNPATCH_CACHE names a folder that has it.
#
# OUT gets machine.json, steps.jsonl (a line for each step: exit status, seconds), and for each step NAME.json and NAME.log.
# A step that fails does not keep the others from running; the exit status says how many have failed.
#
# What is worth most comes first; in brackets what it took on an H200 with 16 cores, in seconds:
#     check, train (105)      the layer against NumPy, and a short training of each repository; side by side
#     skip-thoughts (124)     of the paper's size, with LN and without: two compiled shapes, 6 times each sentence length
#     order-embeddings (66)   likewise: three compiled shapes
#     cell (47)               LN-GRU alone, beside PyTorch and JAX by hand and the matrix products alone
#     check-TARGET            the layer as it is in each repository, as far as the ten minutes go
#
# LNPATCH_BENCH_DEVICE=cpu rehearses all that without a card, at small sizes and with ten times the patience.
set -uo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:?where the results go}")
python=${PYTHON:-python3}
upstream=${LNPATCH_UPSTREAM:?clones of the repositories}
device=${LNPATCH_BENCH_DEVICE:-gpu}
patience=$([ "$device" = gpu ] && echo 1 || echo 10)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
export LNPATCH_BENCH_DEVICE=$device PYTHONUNBUFFERED=1 PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH}
export LNPATCH_CACHE=${LNPATCH_CACHE:-$work/cache}
# the lengths of sentences from 17 words on share two shapes; there are eight of all
export LNPATCH_BENCH_SHORTEST=${LNPATCH_BENCH_SHORTEST:-17} LNPATCH_BENCH_SWEEPS=${LNPATCH_BENCH_SWEEPS:-6}
export LNPATCH_BENCH_UPDATES=${LNPATCH_BENCH_UPDATES:-120}
export LNPATCH_BENCH_SECONDS=${LNPATCH_BENCH_SECONDS:-$((100 * patience))}

lnpatch() { "$python" -m lnpatch "$@"; }

# step NAME SECONDS COMMAND...: within so many seconds, and what is left of the ten minutes
step() {
    local name=$1 begun=$SECONDS status=0
    local left=$((600 * patience - begun)) limit=$(($2 * patience))
    shift 2
    timeout -s INT -k 20 "$((left < 1 ? 1 : left < limit ? left : limit))" "$@" > "$out/$name.log" 2>&1 || status=$?
    echo "{\"step\": \"$name\", \"status\": $status, \"seconds\": $((SECONDS - begun))}" | tee -a "$out/steps.jsonl"
    return "$status"
}

train() {  # TARGET
    lnpatch train "$1" --dir "$work/$1" --smoke --runtime pytensor --backend jax --device "$device" \
        --output "$work/run-$1" --format json > "$out/train-$1.json"
}

check() {  # NAME TARGET
    lnpatch check "$2" --dir "$work/$2" --runtime pytensor --backend jax --device "$device" --format json > "$out/$1.json"
}

benchmark() {  # NAME TEST
    "$python" -m pytest tests/benchmarks/test_runtimes.py --benchmark-only -p no:cacheprovider -q -k "$2" \
        --benchmark-json "$out/$1.json" --basetemp "$work/$1"
}

prepare() {
    "$python" - > "$out/machine.json" << 'PYTHON'
import importlib.metadata, json, os, platform, subprocess
query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.max.sm", "--format=csv,noheader"]
try:
    card = subprocess.run(query, capture_output=True, text=True).stdout.strip()
except OSError:
    card = ""
versions = {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}
shown = ("jax", "jaxlib", "jax-cuda12-plugin", "jax-cuda13-plugin", "numpy", "pytensor", "scipy", "torch")
versions = {"python": platform.python_version(), **{name: versions[name] for name in shown if name in versions}}
print(json.dumps({"card": card, "cores": os.cpu_count(), "versions": versions}, indent=2))
PYTHON
    cat "$out/machine.json"
    lnpatch apply demo --dir "$work/demo" &&
        lnpatch apply skip-thoughts --from "$upstream/skip-thoughts" --dir "$work/skip-thoughts" &&
        lnpatch apply order-embeddings --from "$upstream/order-embedding" --dir "$work/order-embeddings" &&
        lnpatch apply attentive-reader --from "$upstream/Attentive_reader" --dir "$work/attentive-reader"
}

# wait for all jobs in the background, and count those that failed
join() {
    local pid
    for pid in $(jobs -p); do wait "$pid" || failed=$((failed + 1)); done
}

export -f train check benchmark prepare lnpatch
export python upstream device work out
failed=0
rm -f "$out/steps.jsonl"
targets=(skip-thoughts order-embeddings attentive-reader)
step prepare 30 bash -c prepare || failed=$((failed + 1))

# compilers on the host more than the card: side by side, without taking the card's memory ahead
XLA_PYTHON_CLIENT_PREALLOCATE=false step check 200 bash -c "check check demo" &
for target in "${targets[@]}"; do
    XLA_PYTHON_CLIENT_PREALLOCATE=false step "train-$target" 200 bash -c "train $target" &
done
join

# alone on the card: what is timed
while read -r name limit test; do
    step "$name" "$limit" bash -c "benchmark $name '$test'" < /dev/null || failed=$((failed + 1))
    grep -v '^$' "$out/$name.log" | tail -n 25
done << 'BENCHMARKS'
skip-thoughts 220 training and skip-thoughts
order-embeddings 120 training and order-embeddings
cell 90 lngru_update
BENCHMARKS

for target in "${targets[@]}"; do
    XLA_PYTHON_CLIENT_PREALLOCATE=false step "check-$target" 200 bash -c "check check-$target $target" &
done
join
exit "$failed"
