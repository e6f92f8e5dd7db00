"""A llama of two layers in a GGUF file of a few MB that llama.cpp's server loads and chats with.

Its weights are noise but for one thing: the embedding of each word of ANSWER points at the word after it. So
a server that loaded the file as it was written answers any chat with ANSWER, and no other does.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import gguf
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ANSWER = "I am a llama of two layers; every byte here was asked for, fetched, proved and served."

_LAYERS = 2
_HEADS = 4
_WIDTH = 256
_CONTEXT = 2048
_SPACE = "\u2581"  # SentencePiece's mark for the blank before a word
_SPECIAL = ("<unk>", "<s>", "</s>", "<|user|>", "<|assistant|>")
_UNKNOWN, _BEGIN, _END, _USER, _ASSISTANT = range(len(_SPECIAL))
_CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|user|>{{ message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def write(path: Path, seed: int = 0, feed_forward: int = 1024) -> None:
    """Write the model to `path`: 4.5 MB, and 3 MB more for each further 1024 of `feed_forward`.

    Each `seed` gives other noise, and so a file of the same size with another hash.
    """
    words = [_SPACE + word for word in ANSWER.split()]
    words[0] = words[0].removeprefix(_SPACE)
    tokens = [*_SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *words]

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny llama")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    _add_vocabulary(writer, tokens)
    _add_weights(writer, np.random.default_rng(seed), len(tokens), feed_forward)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: gguf.GGUFWriter, tokens: list[str]) -> None:
    types = [gguf.TokenType.CONTROL] * len(_SPECIAL) + [gguf.TokenType.BYTE] * 256
    types[_UNKNOWN] = gguf.TokenType.UNKNOWN
    types += [gguf.TokenType.NORMAL] * (len(tokens) - len(types))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(types)
    writer.add_unk_token_id(_UNKNOWN)
    writer.add_bos_token_id(_BEGIN)
    writer.add_eos_token_id(_END)
    writer.add_add_bos_token(False)  # the chat template writes it
    writer.add_chat_template(_CHAT_TEMPLATE)


def _add_weights(writer: gguf.GGUFWriter, random: np.random.Generator, tokens: int, feed_forward: int) -> None:
    def noise(rows: int, columns: int) -> NDArray[np.float16]:
        # Small beside the embeddings (RMS 1), so that what the layers add does not drown the next word.
        return random.normal(0, 0.02, (rows, columns)).astype(np.float16)

    embedding = random.normal(0, 1, (tokens, _WIDTH)).astype(np.float16)
    output = noise(tokens, _WIDTH)
    chain = [_ASSISTANT, *range(len(_SPECIAL) + 256, tokens), _END]
    for word, next_word in itertools.pairwise(chain):
        output[next_word] = embedding[word]

    ones = np.ones(_WIDTH, dtype=np.float32)
    writer.add_tensor("token_embd.weight", embedding)
    for layer in range(_LAYERS):
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", ones)
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"blk.{layer}.{part}.weight", noise(_WIDTH, _WIDTH))
        writer.add_tensor(f"blk.{layer}.ffn_norm.weight", ones)
        writer.add_tensor(f"blk.{layer}.ffn_gate.weight", noise(feed_forward, _WIDTH))
        writer.add_tensor(f"blk.{layer}.ffn_up.weight", noise(feed_forward, _WIDTH))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", noise(_WIDTH, feed_forward))
    writer.add_tensor("output_norm.weight", ones)
    writer.add_tensor("output.weight", output)
