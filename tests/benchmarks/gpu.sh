#!/usr/bin/env bash
# All that is known of a GPU only on a GPU, in ten minutes: checks, short trainings, and how long updates take.
#
#     LNPATCH_UPSTREAM=FOLDER tests/benchmarks/gpu.sh OUT
#
# FOLDER has clones of the three repositories: skip-thoughts, order-embedding, Attentive_reader (branch bn). Python (PYTHON,
# by default python3) has lnpatch's extras pytensor and dev, jax[cuda12] or jax[cuda13], and PyTorch for the cells by hand.
# Each step leaves its output, and JSON where there is any, in OUT; one that fails does not keep the others from running, and
# the exit status says how many have failed. LNPATCH_BENCH_DEVICE=cpu rehearses it without a card, at small sizes.
set -uo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:?where the results go}")
python=${PYTHON:-python3}
upstream=${LNPATCH_UPSTREAM:?clones of the repositories}
device=${LNPATCH_BENCH_DEVICE:-gpu}
work=$(mktemp -d)
mkdir -p "$out"
export LNPATCH_BENCH_DEVICE=$device PYTHONUNBUFFERED=1 PYTHONPATH=$PWD
failed=0

lnpatch() { "$python" -m lnpatch "$@"; }

# step NAME SECONDS COMMAND...
step() {
    local name=$1 limit=$2 begun=$SECONDS
    shift 2
    timeout -s INT -k 20 "$limit" "$@" > "$out/$name.txt" 2> "$out/$name.err"
    local status=$?
    echo "$name: exit status $status, $((SECONDS - begun)) s"
    return $status
}

train() {  # TARGET REPOSITORY
    lnpatch apply "$1" --from "$upstream/$2" --dir "$work/$2" > /dev/null &&
        lnpatch train "$1" --dir "$work/$2" --smoke --runtime pytensor --backend jax --device "$device" \
            --output "$work/run-$1" --format json
}

check() { (cd "$work" && lnpatch apply demo > /dev/null && lnpatch check demo --runtime pytensor --backend jax --device "$device"); }

benchmark() {  # NAME TEST
    "$python" -m pytest tests/benchmarks/test_runtimes.py --benchmark-only -p no:cacheprovider -q -k "$2" \
        --benchmark-json "$out/$1.json" --basetemp "$work/$1"
}

export -f train check benchmark lnpatch
export python upstream device work out
{
    nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv
    "$python" -c 'import jax, numpy, pytensor; print(jax.__version__, numpy.__version__, pytensor.__version__, jax.devices())'
} > "$out/machine.txt" 2>&1

# a minute or two, mostly compilers on the host: side by side, without taking the card's memory ahead
pids=()
(
    export XLA_PYTHON_CLIENT_PREALLOCATE=false
    step check 180 bash -c check
) & pids+=($!)
while read -r target repository; do
    (
        export XLA_PYTHON_CLIENT_PREALLOCATE=false
        step "train-$target" 180 bash -c "train $target $repository"
    ) & pids+=($!)
done << 'TARGETS'
order-embeddings order-embedding
skip-thoughts skip-thoughts
attentive-reader Attentive_reader
TARGETS
for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done

# alone on the card: what is timed
for each in \
    "skip-thoughts 240 training and skip-thoughts" \
    "order-embeddings 90 training and order-embeddings" \
    "cell 60 lngru_update"; do
    read -r name limit test <<< "$each"
    step "benchmark-$name" "$limit" bash -c "benchmark $name '$test'" || failed=$((failed + 1))
    grep -v '^$' "$out/benchmark-$name.txt" | tail -n 25
done
rm -rf "$work"
exit "$failed"
