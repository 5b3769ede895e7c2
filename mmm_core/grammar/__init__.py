"""What a person asked for in words, read by rules: no language model, no chance, no I/O."""

from mmm_core.grammar.context import Context
from mmm_core.grammar.reading import LONGEST, channels_of, read

__all__ = ["LONGEST", "Context", "channels_of", "read"]
