"""A check of a config against the code that it names, made once for both. No JAX is imported here."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

from icgd.results.digest import CACHE, COMPUTING, ROOT, hash_of, sources, versions
from icgd.results.environment import clean
from icgd.results.store import write_text
from icgd.spec.config import INCLUDED, study_file
from icgd.spec.model import Config
from icgd.spec.reading import ConfigError
from icgd.writeup.sections import section_files, source_hashes


def checked(config: Config) -> Mapping[str, list[str]]:
    """What every measurement reads, once all names and values of the config have been found to be possible.

    That needs the kinds themselves, and so JAX: it is done apart, and kept for configs and code that were
    checked.
    """
    text = config.model_dump_json()
    own = [study_file(study, folder).parent for study, folder in config.studies.items() if folder != INCLUDED]
    sections = section_files(config.studies)
    digest = hash_of(
        text, sources([ROOT / "src" / "icgd", *own]), source_hashes(sections.values()), versions(COMPUTING)
    )
    file = CACHE / "checks" / f"{digest}.json"
    if not file.exists():
        print("checking the config and the code that it names …", file=sys.stderr, flush=True)
        environment = clean(os.environ, "") | {"JAX_PLATFORMS": "cpu"}
        command = [sys.executable, str(ROOT / "workflow" / "scripts" / "check.py")]
        done = subprocess.run(
            command, input=text, env=environment, capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode == 2:
            raise ConfigError(done.stderr.strip())
        if done.returncode:
            raise ConfigError(f"the check of the config failed:\n{done.stderr[-3000:]}")
        write_text(file, done.stdout)
    found: Mapping[str, list[str]] = json.loads(file.read_text("utf-8"))
    return found
