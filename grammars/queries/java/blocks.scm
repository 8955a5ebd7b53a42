; SPDX-License-Identifier: MIT
[(method_declaration) (constructor_declaration) (compact_constructor_declaration) (lambda_expression)
 (static_initializer)] @function
[(class_declaration) (interface_declaration) (enum_declaration) (record_declaration) (annotation_type_declaration)
 (module_declaration)] @class
[(block) (constructor_body) (class_body) (interface_body) (enum_body) (annotation_type_body) (switch_block)
 (module_body)] @block
