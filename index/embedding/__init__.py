"""Turn texts into vectors.

Read the modules in this order:

- `embedder`: the `Embedder` protocol, and its implementation by sentence-transformers
- `minilm`: the built-in model without sentence-transformers, for short work without a long start
- `bert`: BERT's encoder, run by OpenVINO
"""
