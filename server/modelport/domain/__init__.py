"""Rules without input or output: values, resolution, arithmetic, errors and the ports the engine needs."""
