"""Moving in: keys and providers of other programs become ours."""
