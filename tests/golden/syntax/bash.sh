#!/bin/sh
# Backups.<|>
set -eu

dir=/var/backup
readonly limit=10

usage() {
    cat <<EOF
usage: $0 FILE...<|>
EOF
}

copy() {
    for f in "$@"; do
        <|>
        cp "$f" "$(dirname "$f")/${dir<|>}/x<|>"
    done
}

if [ $# -eq 0 ]; then
    usage<|>
fi

case $1 in
-h)
    echo 'help<|>'
    ;;
esac
