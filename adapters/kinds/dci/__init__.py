"""Kind `dci`: registries that speak DCI (SPDCI) 1.0.0."""
