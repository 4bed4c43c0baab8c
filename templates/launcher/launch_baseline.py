"""
The plain LSTM, for the repositories that have only a GRU, so that LN-LSTM has a baseline to be compared with.

The cell is put into the repository's layers module in memory; nothing is written. For Python 2.7 and 3.
"""


def add_lstm(layers):
    """Put "lstm" into the table of a layers module in which a layer takes its initial state as the third argument."""
    import numpy
    import theano
    import theano.tensor as tensor

    _p, norm_weight, ortho_weight = layers._p, layers.norm_weight, layers.ortho_weight

    def param_init_lstm(options, params, prefix="lstm", nin=None, dim=None):
        """Make W [nin, 4D], U [D, 4D], b [4D], float32; the gates in the order i, f, o, candidate."""
        nin = options["dim_proj"] if nin is None else nin
        dim = options["dim_proj"] if dim is None else dim
        params[_p(prefix, "W")] = numpy.concatenate([norm_weight(nin, dim) for _ in range(4)], axis=1)
        params[_p(prefix, "U")] = numpy.concatenate([ortho_weight(dim) for _ in range(4)], axis=1)
        params[_p(prefix, "b")] = numpy.zeros((4 * dim,)).astype("float32")
        return params

    def step(mask, x, h, c, U):
        """Step N samples (Hochreiter and Schmidhuber 1997, with forget gates); a masked sample keeps h and c."""
        dim = U.shape[0]
        mask = mask[:, None]
        preact = tensor.dot(h, U) + x
        gates = tensor.nnet.sigmoid(preact[:, : 3 * dim])
        new_c = gates[:, dim : 2 * dim] * c + gates[:, :dim] * tensor.tanh(preact[:, 3 * dim :])
        new_h = gates[:, 2 * dim :] * tensor.tanh(new_c)
        return mask * new_h + (1.0 - mask) * h, mask * new_c + (1.0 - mask) * c

    def lstm_layer(tparams, state_below, init_state, options, prefix="lstm", mask=None, **kwargs):
        """Return state and cell of every step, [T, N, D] each, for an input [T, N, nin]."""
        U = tparams[_p(prefix, "U")]
        b = tparams[_p(prefix, "b")]
        # b counts twice, with the input and with the state, as in LN-LSTM: the two differ in the normalization alone
        x = tensor.dot(state_below, tparams[_p(prefix, "W")]) + b + b
        zeros = tensor.alloc(numpy.float32(0), state_below.shape[1], U.shape[0])
        if mask is None:
            mask = tensor.alloc(numpy.float32(1), state_below.shape[0], state_below.shape[1])
        (h, c), _ = theano.scan(
            step,
            sequences=[mask, x],
            outputs_info=[zeros if init_state is None else init_state, zeros],
            non_sequences=[U],
            name=_p(prefix, "_layers"),
            n_steps=state_below.shape[0],
            profile=False,
            strict=True,
        )
        return [h, c]

    # the table names functions, which the repository looks up in the module
    layers.param_init_lstm, layers.lstm_layer = param_init_lstm, lstm_layer
    layers.layers["lstm"] = ("param_init_lstm", "lstm_layer")


#: The cells that can be added, by their names.
CELLS = {"lstm": add_lstm}
