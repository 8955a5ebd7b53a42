; SPDX-License-Identifier: MIT
[(method_declaration) (constructor_declaration) (destructor_declaration) (operator_declaration)
 (conversion_operator_declaration) (local_function_statement) (lambda_expression) (anonymous_method_expression)
 (accessor_declaration)] @function
[(class_declaration) (struct_declaration) (interface_declaration) (record_declaration) (enum_declaration)
 (namespace_declaration)] @class
[(block) (declaration_list) (enum_member_declaration_list) (accessor_list) (switch_body)] @block
