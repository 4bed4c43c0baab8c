"""The recurrent layers of the patched repositories as PyTorch modules, which load their models.

Needs the extra ``torch``::

    from lnpatch.torch import LayerNormGRU

    encoder = LayerNormGRU.from_npz("model.npz", "encoder")
    outputs, last = encoder(vectors, mask=mask)

======================  =================================================================================================
:class:`LayerNormGRU`   the paper's LN-GRU: skip-thoughts, order-embeddings
:class:`LayerNormLSTM`  the paper's LN-LSTM: attentive-reader
:class:`GRU`            the repositories' plain GRU
:class:`LSTM`           attentive-reader's plain LSTM
======================  =================================================================================================

Each has a cell for single steps: :class:`LayerNormGRUCell` and so on.
"""

from lnpatch.torch.cells import CELLS, GRUCell, LayerNormGRUCell, LayerNormLSTMCell, LSTMCell, RecurrentCell
from lnpatch.torch.layers import GRU, LSTM, LayerNormGRU, LayerNormLSTM, RecurrentLayer

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "GRUCell",
    "LSTMCell",
    "LayerNormGRU",
    "LayerNormGRUCell",
    "LayerNormLSTM",
    "LayerNormLSTMCell",
    "RecurrentCell",
    "RecurrentLayer",
]
