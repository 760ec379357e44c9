"""The official client of OpenAI's API over the official x402 client, streamed and not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import httpx2
from x402 import x402Client
from x402.http.clients.httpx import x402AsyncTransport

from pysettle.scenarios.gateway import MODEL
from pysettle.serve.gateway import counting
from tests.gateway.conftest import Shop

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionUserMessageParam


class Answer(httpx2.AsyncByteStream):
    """The body of an answer of httpx, as httpx2 reads it."""

    def __init__(self, answer: httpx.Response) -> None:
        """Read an answer."""
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes; x402's transport has read an answer with status 402 already."""
        if self._answer.is_closed:
            yield self._answer.content
            return
        async for chunk in self._answer.aiter_raw():
            yield chunk

    async def aclose(self) -> None:
        """Close the answer."""
        await self._answer.aclose()


class Paying(httpx2.AsyncBaseTransport):
    """A transport of httpx2, on which OpenAI's client stands, over that of x402, which is one of httpx."""

    def __init__(self, client: x402Client) -> None:
        """Pay with a client."""
        self._paying = x402AsyncTransport(client)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and pay for it."""
        answer = await self._paying.handle_async_request(
            httpx.Request(
                request.method,
                str(request.url),
                headers=request.headers.raw,
                content=await request.aread(),
                extensions=request.extensions,
            )
        )
        return httpx2.Response(answer.status_code, headers=answer.headers.raw, stream=Answer(answer))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._paying.aclose()


def test_openai(anywhere: Shop) -> None:
    """Chat and completion, streamed and not: the ledger charges the sum, and each answer has its usage."""
    # It takes a second to load, which each process of the tests would spend before its first test.
    from openai import AsyncOpenAI

    shop, signer = anywhere, anywhere.account(1_000_000)
    question: ChatCompletionUserMessageParam = {"role": "user", "content": "How is a Token backed?"}

    async def ask() -> list[str]:
        http = httpx2.AsyncClient(transport=Paying(shop.buyer(signer).client), timeout=120)
        async with AsyncOpenAI(api_key="none", base_url=f"{shop.town.gateway_url}/v1", http_client=http) as openai:
            chat = await openai.chat.completions.create(model=MODEL, messages=[question], max_tokens=32)
            assert chat.usage is not None
            text = chat.choices[0].message.content or ""
            assert chat.usage.completion_tokens == counting.count(text)
            plain = await openai.completions.create(model=MODEL, prompt="How is a Token backed?", max_tokens=32)
            streamed, usage = "", None
            async for chunk in await openai.chat.completions.create(
                model=MODEL,
                messages=[question],
                max_tokens=32,
                seed=1,
                stream=True,
                stream_options={"include_usage": True},
            ):
                streamed += (chunk.choices[0].delta.content or "") if chunk.choices else ""
                usage = chunk.usage or usage
            assert usage is not None
            assert usage.completion_tokens == counting.count(streamed)
            charges = [(answer.model_extra or {})["x402"]["charged_tokens"] for answer in (chat, plain, chunk)]
            return [str(charge) for charge in charges]

    charged = shop.run(ask())
    assert shop.channel(signer).charged == sum(map(int, charged))
