"""The count that goes on after a step that failed."""

from tests.jobs import counting_study

KIND = counting_study._kind("counting_on", True)
