"""What does an OTLP request say? Its three signals, two encodings, and the rules of the specification."""
