"""Which files of a repo a server reads, on the listings of repos that people use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.failures import Failure
from entrypoint.selection import choose
from entrypoint.values import Need, Place, Repo, RepoFile

COMMIT = "c" * 40


def listing(*paths: str) -> Repo:
    """A repo of such files; the weights are large, as they are."""
    return Repo(COMMIT, files=tuple(RepoFile(path, 1000, f"{number:040x}") for number, path in enumerate(paths)))


def ask(*patterns: str, **fields: object) -> Need:
    need = Need("acme/tiny", Place("hub-cache", Path("/nowhere")), "ENTRYPOINT_MODELS", patterns=patterns)
    return replace(need, **fields)  # type: ignore[arg-type]


def chosen(*paths: str) -> set[str]:
    return {file.path for file in choose(ask(), listing(*paths))}


def left_out(*paths: str) -> set[str]:
    return set(paths) - chosen(*paths)


REPOS = {
    "google/gemma-2b": (
        "config.json generation_config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors "
        "model.safetensors.index.json tokenizer.json tokenizer.model tokenizer_config.json special_tokens_map.json",
        "gemma-2b.gguf README.md .gitattributes",
    ),
    "meta-llama/Llama-3.1-8B-Instruct": (
        "config.json model-00001-of-00004.safetensors model.safetensors.index.json tokenizer.json LICENSE",
        "original/consolidated.00.pth original/params.json original/tokenizer.model README.md",
    ),
    "meta-llama/Llama-2-7b (its own format only)": (
        "consolidated.00.pth params.json tokenizer.model checklist.chk",
        "README.md",
    ),
    "meta-llama/Llama-2-7b-hf": (
        "config.json model-00001-of-00002.safetensors model.safetensors.index.json tokenizer.model",
        "pytorch_model-00001-of-00002.bin pytorch_model-00002-of-00002.bin pytorch_model.bin.index.json",
    ),
    "mistralai/Mistral-7B-Instruct-v0.3": (
        "config.json model-00001-of-00003.safetensors model.safetensors.index.json params.json tokenizer.model.v3 "
        "tokenizer.json",
        "consolidated.safetensors",
    ),
    "mistralai/Mistral-Large-Instruct-2407 (consolidated in shards, too)": (
        "config.json model-00001-of-00051.safetensors model.safetensors.index.json params.json",
        "consolidated-00001-of-00051.safetensors consolidated.safetensors.index.json",
    ),
    "mistralai/Mixtral-8x7B-v0.1": (
        "config.json model-00001-of-00019.safetensors model.safetensors.index.json",
        "consolidated.00.pt consolidated.07.pt",
    ),
    "mistralai/Pixtral-12B-2409 (consolidated only)": ("consolidated.safetensors params.json tekken.json", ""),
    "nomic-ai/nomic-embed-text-v1.5": (
        "config.json model.safetensors modules.json 1_Pooling/config.json config_sentence_transformers.json "
        "sentence_bert_config.json tokenizer.json vocab.txt",
        "onnx/model.onnx onnx/model_fp16.onnx onnx/model_q4.onnx README.md",
    ),
    "BAAI/bge-small-en-v1.5": (
        "config.json model.safetensors modules.json 1_Pooling/config.json tokenizer.json",
        "pytorch_model.bin onnx/model.onnx README.md",
    ),
    "BAAI/bge-m3 (two small .pt files beside its one format)": (
        "pytorch_model.bin colbert_linear.pt sparse_linear.pt config.json sentencepiece.bpe.model",
        "onnx/model.onnx onnx/model.onnx_data imgs/bm25.jpg imgs/nqa.png",
    ),
    "a bge-m3 with safetensors": (
        "model.safetensors colbert_linear.pt sparse_linear.pt config.json",
        "pytorch_model.bin",
    ),
    "sentence-transformers/all-MiniLM-L6-v2": (
        "config.json model.safetensors modules.json 1_Pooling/config.json data_config.json vocab.txt",
        "pytorch_model.bin tf_model.h5 rust_model.ot onnx/model.onnx onnx/model_qint8_avx512.onnx "
        "openvino/openvino_model.bin openvino/openvino_model.xml",
    ),
    "sentence-transformers/gtr-t5-base (a dense module beside)": (
        "config.json model.safetensors modules.json 1_Pooling/config.json 2_Dense/model.safetensors",
        "pytorch_model.bin 2_Dense/pytorch_model.bin",
    ),
    "openai/whisper-large-v3": (
        "config.json model.safetensors preprocessor_config.json tokenizer.json vocab.json merges.txt",
        "pytorch_model.bin flax_model.msgpack model.fp32-00001-of-00002.safetensors model.safetensors.index.fp32.json "
        "pytorch_model.fp32-00001-of-00002.bin pytorch_model.bin.index.fp32.json",
    ),
    "openai-community/gpt2": (
        "config.json model.safetensors tokenizer.json vocab.json merges.txt",
        "64.tflite 64-fp16.tflite flax_model.msgpack pytorch_model.bin rust_model.ot tf_model.h5 onnx/model.onnx",
    ),
    "google-bert/bert-base-uncased": (
        "config.json model.safetensors tokenizer.json vocab.txt",
        "coreml/fill-mask/float32_model.mlpackage/Data/com.apple.CoreML/weights/weight.bin model.onnx "
        "pytorch_model.bin coreml/fill-mask/float32_model.mlpackage/Manifest.json tf_model.h5",
    ),
    "openai/gpt-oss-20b": (
        "config.json model-00000-of-00002.safetensors model.safetensors.index.json chat_template.jinja tokenizer.json",
        "original/model.safetensors original/dtypes.json metal/model.bin",
    ),
    "Qwen/Qwen2.5-7B-Instruct-AWQ": ("config.json model-00001-of-00002.safetensors model.safetensors.index.json", ""),
    "TheBloke/Mistral-7B-Instruct-v0.2-GPTQ": ("config.json model.safetensors quantize_config.json tokenizer.json", ""),
    "an older GPTQ": ("vicuna-GPTQ-4bit-128g.safetensors quantize_config.json", "vicuna-GPTQ-4bit-128g.pt"),
    "a LoRA adapter": ("adapter_config.json adapter_model.safetensors", "adapter_model.bin"),
    "an adapter beside the whole model": (
        "adapter_model.safetensors pytorch_model.bin config.json",
        "adapter_model.bin",
    ),
    "a diffusers pipeline": (
        "model_index.json unet/config.json unet/diffusion_pytorch_model.safetensors "
        "vae/diffusion_pytorch_model.safetensors text_encoder/model.safetensors tokenizer/vocab.json",
        "v1-5-pruned.ckpt v1-5-pruned.safetensors unet/diffusion_pytorch_model.bin text_encoder/pytorch_model.bin "
        "unet/diffusion_pytorch_model.fp16.safetensors unet/diffusion_pytorch_model.non_ema.safetensors "
        "unet/model.onnx unet/model.onnx_data vae_decoder/model.onnx vae/diffusion_flax_model.msgpack",
    ),
    "ResembleAI/chatterbox (a .pt that is nobody's copy)": (
        "ve.safetensors t3_cfg.safetensors s3gen.safetensors conds.pt tokenizer.json",
        "ve.pt t3_cfg.pt s3gen.pt",
    ),
    "FunAudioLLM/CosyVoice (parts in two formats)": (
        "llm.pt flow.pt hift.pt campplus.onnx speech_tokenizer_v1.onnx",
        "",
    ),
    "hexgrad/Kokoro-82M": ("kokoro-v1_0.pth config.json voices/af_heart.pt voices/am_adam.pt", "README.md"),
    "Xenova/all-MiniLM-L6-v2 (onnx is all there is)": (
        "config.json tokenizer.json onnx/model.onnx onnx/model_quantized.onnx",
        "",
    ),
    "an onnx repo with its trainer's leavings": ("config.json onnx/model.onnx", "training_args.bin optimizer.pt"),
    "a model at the end of its training": (
        "config.json model.safetensors",
        "optimizer.pt scheduler.pt rng_state_0.pth training_args.bin trainer_state.json "
        "checkpoint-500/model.safetensors checkpoint-500/config.json runs/x/events.out.tfevents.1",
    ),
    "an old Keras model (.h5 is all there is)": ("config.json tf_model.h5", ""),
    "a variant is all there is": ("config.json model.fp16.safetensors model.safetensors.index.fp16.json", ""),
    "OpenVINO/Phi-3-mini-int4-ov": ("openvino_model.bin openvino_model.xml openvino_tokenizer.xml config.json", ""),
    "one GGUF and its vision part": ("model-Q4_K_M.gguf mmproj-model-f16.gguf mmproj-model-f32.gguf config.json", ""),
    "a GGUF in shards": ("big-00001-of-00003.gguf big-00002-of-00003.gguf big-00003-of-00003.gguf", "README.md"),
    "safetensors with quantisations in a folder": (
        "model.safetensors config.json",
        "quants/a-Q4.gguf quants/a-Q8.gguf",
    ),
}


@pytest.mark.parametrize("repo", REPOS)
def test_of_a_real_repo_that_is_fetched_which_its_server_reads(repo: str) -> None:
    read, unread = (paths.split() for paths in REPOS[repo])

    assert chosen(*read, *unread) == set(read)


def test_what_is_asked_for_by_name_is_fetched_in_any_format() -> None:
    repo = listing("model.safetensors", "pytorch_model.bin", "onnx/model.onnx", "README.md", "original/params.json")

    files = choose(ask("*.bin", "onnx/", "README.md", "original/*"), repo)

    assert [file.path for file in files] == [
        "pytorch_model.bin",
        "onnx/model.onnx",
        "README.md",
        "original/params.json",
    ]


def test_several_quantisations_without_a_pattern_are_a_question_to_the_user_not_forty_gigabytes() -> None:
    repo = listing("README.md", "config.json", *(f"mistral-7b.{q}.gguf" for q in ("Q2_K", "Q4_K_M", "Q8_0")))

    with pytest.raises(Failure) as caught:
        choose(ask(), repo)

    assert (caught.value.name, caught.value.exit_code) == ("gguf-choice-needed", 78)
    assert "mistral-7b.Q2_K.gguf, mistral-7b.Q4_K_M.gguf, mistral-7b.Q8_0.gguf" in caught.value.why
    assert "ENTRYPOINT_MODELS=acme/tiny:mistral-7b.Q2_K.gguf" in caught.value.todo[0]


def test_the_step_that_it_proposes_for_a_quantisation_in_shards_fetches_all_of_them() -> None:
    repo = listing("a-Q4-00001-of-00002.gguf", "a-Q4-00002-of-00002.gguf", "b-Q8.gguf")
    with pytest.raises(Failure) as caught:
        choose(ask(), repo)
    proposed = caught.value.todo[0].partition(":")[2]

    assert {file.path for file in choose(ask(proposed), repo)} == {
        "a-Q4-00001-of-00002.gguf",
        "a-Q4-00002-of-00002.gguf",
    }


def test_quantisations_in_folders_of_their_own_are_a_question_too() -> None:
    with pytest.raises(Failure, match="2 GGUF files"):
        chosen("Q4_K_M/big-00001-of-00002.gguf", "Q4_K_M/big-00002-of-00002.gguf", "Q8_0/big-00001-of-00002.gguf")


def test_the_many_models_of_whisper_cpp_are_a_question_too() -> None:
    with pytest.raises(Failure, match="gguf-choice-needed"):
        chosen("ggml-base.bin", "ggml-large-v3.bin", "ggml-tiny.en.bin")


SAME_WEIGHTS = (
    *("model.safetensors", "pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "rust_model.ot", "model.onnx"),
    *("model.gguf", "model.tflite", "model.ckpt", "openvino_model.bin"),
)

READ_BY_SERVERS = (
    *("config.json", "tokenizer.json", "tokenizer.model", "modules.json", "merges.txt", "modeling_x.py", "LICENSE"),
    *("colbert_linear.pt", "conds.pt", "chat_template.jinja", "preprocessor_config.json", "voices.npz"),
)

folders = st.sampled_from(["", "1_Pooling/", "2_Dense/", "text_encoder/"])

names = st.sampled_from(SAME_WEIGHTS + READ_BY_SERVERS)

# Of several GGUF files, one has to be chosen by hand.
trees = st.sets(
    st.builds(str.__add__, folders, names).filter(lambda path: not path.endswith("/model.gguf")), max_size=30
)


@given(trees)
def test_no_tree_of_files_loses_one_that_is_no_weight(paths: set[str]) -> None:
    assert {path for path in paths if path.endswith(READ_BY_SERVERS)} <= chosen(*sorted(paths))


@given(trees)
def test_no_folder_keeps_the_same_weights_twice_or_loses_them_all(paths: set[str]) -> None:
    kept = chosen(*sorted(paths))
    for folder in ("", "1_Pooling/", "2_Dense/", "text_encoder/"):
        published = {folder + name for name in SAME_WEIGHTS} & paths
        assert len(published & kept) == min(1, len(published))


@given(st.lists(names, unique=True, min_size=1), st.randoms())
def test_the_order_of_the_listing_changes_nothing(paths: list[str], random: object) -> None:
    before = chosen(*paths)
    random.shuffle(paths)  # type: ignore[attr-defined]

    assert {file.path for file in choose(ask(), listing(*paths))} == before


@given(st.sets(st.text(st.sampled_from("ab./*[]-_0"), min_size=1, max_size=12), max_size=8))
def test_no_name_is_too_odd_to_choose_by(names: set[str]) -> None:
    repo = listing(*names, ".safetensors", ".index.json", "x.json")

    assert set(choose(ask(), repo)) <= set(repo.files)
    assert "x.json" in {file.path for file in choose(ask(), repo)}


# What is still to be moved
