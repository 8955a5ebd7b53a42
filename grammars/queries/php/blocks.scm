; SPDX-License-Identifier: MIT
[(function_definition) (method_declaration) (anonymous_function) (arrow_function)] @function
[(class_declaration) (interface_declaration) (trait_declaration) (enum_declaration) (anonymous_class)
 (namespace_definition)] @class
[(compound_statement) (declaration_list) (enum_declaration_list) (switch_block) (match_block) (colon_block)] @block
