"""What users call: conv, conv_transpose, conv_general_dilated, use_algorithm."""
