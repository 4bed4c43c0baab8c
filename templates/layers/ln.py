"""Layer normalization itself: the function that both cells call."""
import theano.tensor as tensor


def ln(x, b, s):
    """
    Layer normalization over the last axis (Ba, Kiros, Hinton 2016, arXiv 1607.06450, section 3)

        ln(x) = (x - mean(x)) / sqrt(var(x) + 1e-5) * s + b

    Mean and (biased) variance are those of one row of x, so that no sample depends on another.

    x: [..., D], the summed inputs of a layer
    b: [D], the bias added after normalization
    s: [D], the gain; this is the paper's g
    """
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred ** 2).mean(axis=-1, keepdims=True)
    return centred / tensor.sqrt(variance + 1e-5) * s + b
