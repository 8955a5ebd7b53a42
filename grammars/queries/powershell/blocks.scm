; SPDX-License-Identifier: MIT
[(function_statement) (class_method_definition)] @function
[(class_statement) (enum_statement)] @class
[(statement_block) (script_block) (hash_literal_expression)] @block
