"""Text cut into passages, and its size in tokens as any model might count it."""

import re
from collections.abc import Iterator

LONGEST = 900
"""Characters of a passage: the sentence model reads about 250 word pieces."""
MOST = 400
"""Passages of one document; what is beyond is found by the words of the whole document alone."""
_PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\s*(?:#|[-*]\s|\d+\.\s))")
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\n")
_TOKEN = re.compile(r"[^\W\d_]+|\d+|\s+|[^\w\s]|_")


def cut(body: str) -> list[str]:
    """Paragraphs joined up to ``LONGEST`` characters; longer ones cut at sentences, then at words, then anywhere."""
    passages: list[str] = []
    for piece in _pieces(body):
        if passages and len(passages[-1]) + len(piece) < LONGEST:
            passages[-1] = f"{passages[-1]}\n{piece}"
        elif len(passages) == MOST:
            break
        else:
            passages.append(piece)
    return passages


def _pieces(body: str) -> Iterator[str]:
    for paragraph in filter(None, map(str.strip, _PARAGRAPH.split(body))):
        if len(paragraph) <= LONGEST:
            yield paragraph
        else:
            yield from _split(paragraph)


def _split(paragraph: str) -> Iterator[str]:
    held = ""
    for sentence in filter(None, map(str.strip, _SENTENCE.split(paragraph))):
        for part in _words(sentence):
            if held and len(held) + len(part) >= LONGEST:
                yield held
                held = part
            else:
                held = f"{held} {part}" if held else part
    if held:
        yield held


def _words(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        at = sentence.rfind(" ", LONGEST // 2, LONGEST)
        at = at if at > 0 else LONGEST
        yield sentence[:at].strip()
        sentence = sentence[at:].strip()
    if sentence:
        yield sentence


def tokens(text: str) -> int:
    """A count on the safe side of the tokenizers in use: no model is asked, and each of them cuts differently."""
    count = 0
    for found in _TOKEN.findall(text):
        if found.isspace():
            count += len(found) > 1
        elif found.isdigit():
            count += -(-len(found) // 2)
        else:
            count += max(1, -(-len(found.encode()) // 4)) if found.isascii() else len(found.encode()) // 2 + 1
    return count
