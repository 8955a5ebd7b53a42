; SPDX-License-Identifier: MIT
[(function_item) (closure_expression)] @function
[(impl_item) (trait_item) (mod_item) (struct_item) (enum_item) (union_item)] @class
[(block) (declaration_list) (field_declaration_list) (enum_variant_list) (match_block) (field_initializer_list)] @block
