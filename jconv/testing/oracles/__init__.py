"""The operations of `jconv.ops` in NumPy, written as loops over their definitions: the truth they are held to.

A file per idea, named as in `jconv/ops`. Arrays are [N, *I, C], with one batch axis; arguments have one number per
spatial axis, and padding is (low, high) pairs. Arithmetic is float64, complex128 or int64, whatever comes in. Only
NumPy is imported, so that no mistake made elsewhere can be made here too.
"""
