"""A chat model that says what a script tells it, streamed; no network, no chance."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

Step = Any
"""A text, a list of calls [(tool, arguments)], both as (text, calls), an exception, or a function of the messages."""
USED = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}


class Scripted(BaseChatModel):
    """Steps in order; the last one again and again."""

    steps: list[Any]
    seen: list[list[BaseMessage]] = Field(default_factory=list)
    tools: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Any:
        self.tools[:] = [getattr(t, "name", "") for t in tools]
        return self

    def _message(self, messages: list[BaseMessage]) -> AIMessage:
        self.seen.append(list(messages))
        step = self.steps[min(len(self.seen), len(self.steps)) - 1]
        if callable(step) and not isinstance(step, type):
            step = step(messages)
        if isinstance(step, BaseException):
            raise step
        text, calls = step if isinstance(step, tuple) else (step, []) if isinstance(step, str) else ("", step)
        made = [{"name": n, "args": a, "id": f"c{len(self.seen)}_{i}"} for i, (n, a) in enumerate(calls)]
        return AIMessage(text, tool_calls=made, usage_metadata=dict(USED))

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._message(messages))])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any
    ) -> Iterator[ChatGenerationChunk]:
        whole = self._message(messages)
        text = str(whole.content)
        pieces = [AIMessageChunk(text[n : n + 5]) for n in range(0, len(text), 5)]
        for place, call in enumerate(whole.tool_calls):
            chunk = tool_call_chunk(name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=place)
            pieces.append(AIMessageChunk("", tool_call_chunks=[chunk]))
        pieces.append(AIMessageChunk("", usage_metadata=dict(USED)))
        for piece in pieces:
            made = ChatGenerationChunk(message=piece)
            if run_manager:
                run_manager.on_llm_new_token(str(piece.content), chunk=made)
            yield made
