"""Ways to spoil a gradient that is right: each is an expression in `g`."""

SPOILED_GRADIENTS = {
    "clipped at 5": "np.clip(g, -5, 5)",
    "clipped at 10": "np.clip(g, -10, 10)",
    "clipped at 0.5": "np.clip(g, -0.5, 0.5)",
    "clipped from above": "np.minimum(g, 8)",
    "clipped from below": "np.maximum(g, -8)",
    "saturated": "np.tanh(g)",
    "saturated far out": "20 * np.tanh(g / 20)",
    "small ones dropped": "np.where(np.abs(g) < 1e-3, 0, g)",
    "very small ones dropped": "np.where(np.abs(g) < 1e-5, 0, g)",
    "rounded": "np.round(g, 4)",
    "half precision": "g.astype(np.float16).astype(float)",
    "norm limited": "g * min(1, 5 / (np.linalg.norm(g) + 1e-12))",
    "norm of one": "g / max(np.linalg.norm(g), 1e-12)",
    "a small bias": "g + 1e-4",
}
"""Of these, what limits gradients that cannot be large (the mean of probabilities) changes nothing there."""
