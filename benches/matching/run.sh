#!/usr/bin/env bash
# Measures the matching engine beside every solver that is installed, in one run: bash benches/matching/run.sh
#
# Prints Markdown. Takes the options of the benchmark; --help names them. What is missing is said and left out.
#   LEMON: apt-get install g++ liblemon-dev
#   Python: pip install -r benches/matching/requirements.txt, where PYTHON (python3) finds it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
options=()

# LEMON's own headers are older than today's warnings.
if c++ -w -std=c++17 -O3 -DNDEBUG -o "$programs/lemon" benches/matching/lemon.cpp 2>"$programs/log"; then
  options+=(--lemon "$programs/lemon")
else
  echo 'without LEMON: install g++ and liblemon-dev' >&2
fi
if python=$(command -v "${PYTHON:-python3}"); then
  [[ $python == /* ]] || python=$PWD/$python
  options+=(--python "$python")
else
  echo 'without Python: install python3, and see benches/matching/requirements.txt' >&2
fi

cargo bench -p worker --bench matching -- "${options[@]}" "$@"
