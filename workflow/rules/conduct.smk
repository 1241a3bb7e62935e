# How a run behaves: what it says last when it fails, how it stops, its lock. The first to be included.
import sys
from pathlib import Path

# This file's own place, whichever file includes it.
HERE = Path(workflow.current_basedir.get_path_or_uri(secret_free=False))
sys.path.insert(0, str(HERE.parents[1] / "src"))
from icgd.workflow.commands import stage_command
from icgd.workflow.conduct import Conduct

conduct = Conduct(workflow)
conduct.decide_reruns()


onstart:
    conduct.start()


onsuccess:
    conduct.succeed()


onerror:
    conduct.fail()
