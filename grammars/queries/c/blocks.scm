; SPDX-License-Identifier: MIT
(function_definition) @function
[(struct_specifier) (union_specifier) (enum_specifier)] @struct
[(compound_statement) (field_declaration_list) (enumerator_list)] @block
