"""Installs a lock file into this Python's environment; of pip's settings only those of the network count.

Others (user, target, prefix, constraint, …), in variables or in any pip.conf, would put packages elsewhere
or change which ones are installed.
"""

import ast
import os
import subprocess
import sys

NETWORK = (
    *(
        "index-url",
        "extra-index-url",
        "find-links",
        "no-index",
        "trusted-host",
        "proxy",
        "cert",
        "client-cert",
    ),
    *("timeout", "default-timeout", "retries", "resume-retries", "cache-dir", "no-cache-dir"),
    *("keyring-provider", "no-input", "use-feature", "use-deprecated"),
)
SECTIONS = ("global.", "install.", ":env:.")
"""From the weakest to the strongest, as in pip."""


def settings(listing: str) -> dict[str, str]:
    """Variables for the network settings that `pip config list` shows."""
    pairs = [line.partition("=")[::2] for line in listing.splitlines()]
    found = {}
    for section in SECTIONS:
        for key, value in pairs:
            name = key.removeprefix(section)
            if key.startswith(section) and name in NETWORK:
                found["PIP_" + name.upper().replace("-", "_")] = ast.literal_eval(value)
    return found


def main(lock: str) -> int:
    """Ask pip for its settings, then call it with some of them alone."""
    pip = [sys.executable, "-I", "-m", "pip"]
    variables = {"PIP_" + name.upper().replace("-", "_") for name in (*NETWORK, "config-file")}
    environ = {
        k: v for k, v in os.environ.items() if not k.upper().startswith("PIP_") or k.upper() in variables
    }
    # Elsewhere `user` says where to install, here which file of settings to list.
    asking = environ | {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    listed = subprocess.run([*pip, "config", "list"], env=asking, capture_output=True, text=True, check=False)
    if listed.returncode:
        sys.exit(f"pip cannot read its settings:\n{listed.stderr}")
    plain = {name: value for name, value in environ.items() if not name.upper().startswith("PIP_")}
    plain |= {"PIP_CONFIG_FILE": os.devnull} | settings(listed.stdout)
    install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock]
    return subprocess.run([*pip, *install], env=plain, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
