"""A llama's tokenizer as four small files of a repo, which `transformers` loads without torch or network.

Like the real one it is byte-pair encoding over SentencePiece's marks, with bytes as the last resort. It knows
each of WORDS as one token and spells everything else.
"""

from __future__ import annotations

import json
from typing import Any

WORDS = ("hello", "llama", "the", "model")

_SPACE = "\u2581"  # SentencePiece's mark for the blank before a word
_SPECIAL = ("<unk>", "<s>", "</s>")


def files() -> dict[str, bytes]:
    """The files by their names in the repo."""
    return {
        name: json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
        for name, content in {
            "config.json": _config(),
            "tokenizer.json": _tokenizer(),
            "tokenizer_config.json": _tokenizer_config(),
            "special_tokens_map.json": _special_tokens(),
        }.items()
    }


def _config() -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 256,
        "intermediate_size": 1024,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "max_position_embeddings": 2048,
        "vocab_size": len(_vocabulary()[0]),
        "bos_token_id": 1,
        "eos_token_id": 2,
    }


def _vocabulary() -> tuple[dict[str, int], list[list[str]]]:
    """Every token with its number, and the merges that build each word from its letters, left to right."""
    merges: dict[tuple[str, str], None] = {}
    for word in WORDS:
        marked = _SPACE + word
        for end in range(1, len(marked)):
            merges[marked[:end], marked[end]] = None
    letters = sorted(set(_SPACE.join(WORDS)))
    tokens = [
        *_SPECIAL,
        *(f"<0x{byte:02X}>" for byte in range(256)),
        *letters,
        *(left + right for left, right in merges),
    ]
    return {token: number for number, token in enumerate(tokens)}, [list(pair) for pair in merges]


def _tokenizer() -> dict[str, Any]:
    vocabulary, merges = _vocabulary()
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": number, **_added(token)} for number, token in enumerate(_SPECIAL)],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": _SPACE},
                {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "<s>", "type_id": 1}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": _SPACE}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": vocabulary,
            "merges": merges,
        },
    }


def _added(token: str) -> dict[str, Any]:
    return {
        "content": token,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }


def _tokenizer_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "LlamaTokenizer",
        "model_max_length": 2048,
        "add_bos_token": True,
        "add_eos_token": False,
        "legacy": False,
        "clean_up_tokenization_spaces": False,
        "added_tokens_decoder": {str(number): _added(token) for number, token in enumerate(_SPECIAL)},
        **_special_tokens(),
    }


def _special_tokens() -> dict[str, str]:
    return {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
