"""Writes a model for llama.cpp: a Llama of two layers with random weights and a token for each byte.

Run by the interpreter that has the package gguf: ``python tiny_gguf.py FILE``.
"""

from __future__ import annotations

import sys

import numpy as np
from gguf import GGUFWriter, TokenType

LAYERS, WIDTH, INNER, HEADS, CONTEXT = 2, 64, 128, 4, 512
SPREAD = 0.08
SEED = 20


def main() -> None:
    writer = GGUFWriter(sys.argv[1], "llama")
    size = _add_tokens(writer)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(size)
    _add_weights(writer, size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokens(writer: GGUFWriter) -> int:
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{number:02X}>" for number in range(256))]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([TokenType.UNKNOWN, *[TokenType.CONTROL] * 2, *[TokenType.BYTE] * 256])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return len(tokens)


def _add_weights(writer: GGUFWriter, size: int) -> None:
    source = np.random.default_rng(SEED)

    def matrix(name: str, rows: int, columns: int) -> None:
        writer.add_tensor(f"{name}.weight", (source.standard_normal((rows, columns)) * SPREAD).astype(np.float16))

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))

    matrix("token_embd", size, WIDTH)
    norm("output_norm")
    for number in range(LAYERS):
        block = f"blk.{number}"
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(f"{block}.{part}", WIDTH, WIDTH)
        matrix(f"{block}.ffn_gate", INNER, WIDTH)
        matrix(f"{block}.ffn_up", INNER, WIDTH)
        matrix(f"{block}.ffn_down", WIDTH, INNER)
        norm(f"{block}.attn_norm")
        norm(f"{block}.ffn_norm")


if __name__ == "__main__":
    main()
