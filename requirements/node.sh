# shellcheck shell=bash
# Clients in JavaScript for the tests that let strangers talk to the simulated pool. Sourced by ./test after setup.sh.
#
# tests/strangers/package-lock.json holds hashes and no addresses. After a change of package.json, in that folder:
#
#   npm install --package-lock-only
#   python3 -c 'import json, pathlib; f = pathlib.Path("package-lock.json"); lock = json.loads(f.read_text())
#   [p.pop("funding", 0) for p in lock["packages"].values()]; f.write_text(json.dumps(lock, indent=2) + "\n")'

# strangers: puts them into tests/strangers/node_modules. Does nothing but compare a stamp when they are there already.
# Returns 1 where that cannot be done; the tests that need them are skipped then.
strangers() {
    local folder=$root/tests/strangers started=$SECONDS stamp
    if ! command -v npm >/dev/null && ! install_packages nodejs npm; then
        say "Note: node or npm is missing, so the tests with Xen Orchestra's client are skipped. To run them:" \
            "sudo apt-get install nodejs npm"
        return 1
    fi
    exec 9<"$folder/package-lock.json"
    flock 9
    stamp="$(node --version) $(cat "$folder"/package*.json "$folder/.npmrc" | sha256sum)"
    if [ "$(cat "$folder/node_modules/.ready" 2>/dev/null)" != "$stamp" ]; then
        say "Installing Xen Orchestra's client (first run, or its lock has changed) ..."
        if ! (cd "$folder" && npm ci --silent --no-progress >&2); then
            exec 9<&-
            say "Note: npm could not install it, so the tests with Xen Orchestra's client are skipped:" \
                "(cd tests/strangers && npm ci) tells why."
            return 1
        fi
        printf '%s\n' "$stamp" >"$folder/node_modules/.ready"
        say "   installed, $((SECONDS - started)) s; from now on this step is skipped."
    fi
    exec 9<&-
}
