"""Where lists of models are kept between processes."""
