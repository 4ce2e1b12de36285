"""Reads an exposition from the standard input with Python's parser, and prints its samples as JSON. Fails where it refuses."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

parse = {"text": text, "openmetrics": openmetrics}[sys.argv[1]]
exposition = sys.stdin.buffer.read().decode("utf-8")
json.dump(
    [[sample.name, sample.labels, str(sample.value)] for family in parse(exposition) for sample in family.samples],
    sys.stdout,
)
