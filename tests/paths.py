"""Where the repository keeps things."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
KNOWLEDGE = ROOT / "knowledge"
RETRIEVAL = ROOT / "tests" / "retrieval"
