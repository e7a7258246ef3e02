"""What there is: schema, migrations, filing, and one query compiler for C-FIND and QIDO-RS. Knows no bytes."""
