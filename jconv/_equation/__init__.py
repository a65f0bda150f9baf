"""The one equation: ConvProblem, its geometry and its dtypes."""
