; SPDX-License-Identifier: MIT
(function_definition) @function
[(compound_statement) (do_group) (case_item) (subshell)] @block
