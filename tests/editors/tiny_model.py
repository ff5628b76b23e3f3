"""Makes a model for mlx_lm.server: a Llama of two layers with random weights, which answers with nonsense, always the same."""

from __future__ import annotations

import json
from pathlib import Path

LAYERS = 2
WIDTH = 64
INNER = 128
HEADS = 4
CONTEXT = 512
SEED = 20
SPREAD = 0.5
PLAIN = 94
"""Bytes that are visible characters of ASCII."""
BEGIN, END = "<s>", "</s>"
TEMPLATE = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def make(folder: Path) -> None:
    """Writes the model's files into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    size = _write_tokenizer(folder)
    _write_weights(folder, size)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": size,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
        "bos_token_id": size - 2,
        "eos_token_id": size - 1,
    }
    (folder / "config.json").write_text(json.dumps(config))


def _write_tokenizer(folder: Path) -> int:
    """One token for each byte; returns the number of tokens."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    # Those that stand for themselves come first.
    bytes_ = sorted(pre_tokenizers.ByteLevel.alphabet(), key=lambda token: (not token.isascii(), token))
    vocabulary = {token: number for number, token in enumerate([*bytes_, BEGIN, END])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in (BEGIN, END)])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BEGIN,
        "eos_token": END,
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONTEXT,
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return len(vocabulary)


def _write_weights(folder: Path, size: int) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    source = np.random.default_rng(SEED)
    weights = {}

    def matrix(name: str, rows: int, columns: int) -> None:
        weights[f"{name}.weight"] = (source.standard_normal((rows, columns)) * SPREAD).astype(np.float32)

    def norm(name: str) -> None:
        weights[f"{name}.weight"] = np.ones(WIDTH, np.float32)

    matrix("model.embed_tokens", size, WIDTH)
    for number in range(LAYERS):
        layer = f"model.layers.{number}"
        for part in "qkvo":
            matrix(f"{layer}.self_attn.{part}_proj", WIDTH, WIDTH)
        matrix(f"{layer}.mlp.gate_proj", INNER, WIDTH)
        matrix(f"{layer}.mlp.up_proj", INNER, WIDTH)
        matrix(f"{layer}.mlp.down_proj", WIDTH, INNER)
        norm(f"{layer}.input_layernorm")
        norm(f"{layer}.post_attention_layernorm")
    norm("model.norm")
    matrix("lm_head", size, WIDTH)
    # It generates plain characters only and no end token: it goes on until it is stopped.
    weights["lm_head.weight"][PLAIN:] = 0
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
