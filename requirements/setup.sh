# shellcheck shell=bash
# A ready virtual environment for ./demo and ./test, on a machine with nothing but Python. Sourced by both.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
unset PYTHONHOME PYTHONPATH

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "${0##*/}: $*"
    exit 1
}

# install_packages NAME...: Debian packages, where this user may install them without being asked for a password.
install_packages() {
    local -a as_root=()
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    say "Installing the Debian packages $* ..."
    "${as_root[@]}" apt-get update -qq >&2 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
            </dev/null >/dev/null
}

# find_python: prints the first Python that is new enough; PYTHON=/path/to/python3.12 overrides the choice.
find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v -- "$candidate"
            return
        fi
    done
    return 1
}

# environment NAME: sets `venv` to a virtual environment with requirements/NAME.txt and this package in it.
# Does nothing but compare a stamp when that is already there.
environment() {
    local requirements=$root/requirements/$1.txt python stamp
    venv=$root/.venv-$1
    python=$(find_python) || { install_packages python3 python3-venv && python=$(find_python); } ||
        fail "no Python 3.11 or newer found. Run: sudo apt-get install python3 python3-venv
(Debian 12, Ubuntu 24.04 or newer; elsewhere install one and say PYTHON=/path/to/python3.12 $0)"
    stamp=$("$python" - "$root" "$requirements" "${BASH_SOURCE[0]}" <<'PYTHON'
import hashlib, pathlib, sys
root, *files = sys.argv[1:]
print(sys.version.split()[0], root, *(hashlib.sha256(pathlib.Path(f).read_bytes()).hexdigest() for f in files))
PYTHON
    )
    # A second ./demo or ./test started meanwhile waits for the first. Opened for reading, so that no file is left.
    exec 9<"$requirements"
    flock 9
    if [ "$(cat "$venv/.ready" 2>/dev/null)" != "$stamp" ]; then
        make_environment "$python" "$requirements"
        printf '%s\n' "$stamp" >"$venv/.ready"
    fi
    exec 9<&-
}

make_environment() {
    local python=$1 requirements=$2 started=$SECONDS version
    say "Setting up ${venv##*/} (first run, or ${requirements##*/} has changed) ..."
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_packages "python$version-venv" ||
            fail "$python has no ensurepip. Run: sudo apt-get install python$version-venv"
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv" || fail "could not make $venv: see above"
    # The file names every package with its hashes: nothing is left for pip to resolve or to build.
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --progress-bar off --no-compile \
        --no-deps --only-binary :all: --require-hashes -r "$requirements" ||
        fail "pip could not install ${requirements#"$root"/}: see above. It needs a package index (or PIP_INDEX_URL)."
    # The package itself is read from src/: no build step, and no second copy to grow old.
    "$venv/bin/python" - "$root/src" "$venv/bin" <<'PYTHON'
import pathlib, sys, sysconfig
src, bin_ = sys.argv[1:]
pathlib.Path(sysconfig.get_path("purelib"), "ridethrough.pth").write_text(src + "\n")
command = pathlib.Path(bin_, "ridethrough")
# Its worker processes read this file too, and must not begin the command anew.
guarded = 'if __name__ == "__main__":\n    sys.exit(main())\n'
command.write_text(f"#!{sys.executable}\nimport sys\n\nfrom ridethrough.cli import main\n\n{guarded}")
command.chmod(0o755)
PYTHON
    say "Ready after $((SECONDS - started)) s; from now on this step is skipped."
}
