"""Measurement: MXNet builds and runs the same network. Nothing else imports mxnet."""
