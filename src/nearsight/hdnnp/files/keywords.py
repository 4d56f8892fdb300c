"""Keywords of `input.nn` and what they concern.

A keyword that is in none of these tables is refused: misspelt, it would silently leave a default in
the place of what was meant.
"""

EVALUATION = frozenset(
    {
        "atom_energy",
        "center_symmetry_functions",
        "conv_energy",
        "conv_length",
        "cutoff_type",
        "element_activation_short",
        "element_hidden_layers_short",
        "element_nodes_short",
        "elements",
        "global_activation_short",
        "global_hidden_layers_short",
        "global_nodes_short",
        "mean_energy",
        "normalize_nodes",
        "number_of_elements",
        "remove_atom_energies",
        "scale_max_short",
        "scale_min_short",
        "scale_symmetry_functions",
        "scale_symmetry_functions_sigma",
        "symfunction_short",
    }
)
"""What decides the numbers of a potential, by the names that n2p2 and RuNNer 1 have for it."""

OTHER_NAMES = {
    "center_feature_maps": "center_symmetry_functions",
    "default_activation_nn": "global_activation_short",
    "default_nodes": "global_nodes_short",
    "nnp_gen": "nnp_type",
    "nnp_generation": "nnp_type",
    "nnp_type_gen": "nnp_type",
    "scale_feature_maps": "scale_symmetry_functions",
    "symfunction": "symfunction_short",
}
"""Names that the same thing has elsewhere."""

MANY_LINES = frozenset(
    {
        "atom_energy",
        "element_activation_short",
        "element_hidden_layers_short",
        "element_nodes_short",
        "symfunction_short",
    }
)
"""What is said once for each element, pair or triple."""

RUNNER_2 = frozenset(
    {
        "center_feature_maps",
        "default_activation_nn",
        "default_nodes",
        "feature_extrapolation_threshold",
        "feature_map_default",
        "model_type_short",
        "optimizer",
        "scale_feature_maps",
    }
)
"""Keywords of RuNNer 2 by which its dialect is known, beside those of cutoff functions."""

CUTOFF_PREFIX = "fc_"
RUNNER_2_CUTOFFS = {"hard": 0, "cosine": 1}
"""Cutoff functions of RuNNer 2 whose formulas are known to be those of n2p2, by number."""

RUNNER_1 = frozenset({"nn_type_short", "runner_mode", "use_short_nn"})
"""Keywords that only RuNNer asks for."""

ONLY_VALUES = {
    "global_output_nodes_short": ("1",),
    "model_type_short": ("hdnn",),
    "nn_type_short": ("1",),
    "nnp_type": ("2", "2G-HDNNP"),
}
"""Keywords whose other values are of potentials that are not computed here."""

REFUSED = {
    "cutoff_alpha": "an inner cutoff radius in RuNNer's way; write it as second word of "
    "“cutoff_type”",
    "element_pairsymfunction_short": "networks of pairs",
    "element_symfunction_short": "symmetry functions for several elements at a time",
    "global_pairsymfunction_short": "networks of pairs",
    "global_symfunction_short": "symmetry functions for several elements at a time",
    "pairsymfunction_short": "networks of pairs",
    "global_nodes_pair": "networks of pairs",
    "use_vdw": "a dispersion correction beside the networks",
    "vdw_type": "a dispersion correction beside the networks",
    "vdw_cutoff": "a dispersion correction beside the networks",
    "vdw_screening": "a dispersion correction beside the networks",
    "remove_vdw_energies": "a dispersion correction beside the networks",
    **dict.fromkeys(
        (
            "conv_charge",
            "electrostatic_type",
            "enforce_totcharge",
            "ewald_alpha",
            "ewald_cutoff",
            "ewald_kmax",
            "ewald_prec",
            "ewald_truncation_error_method",
            "fixed_charge",
            "fixed_gausswidth",
            "four_pi_epsilon",
            "initial_hardness",
            "predict_electrostatics",
            "screen_electrostatics",
            "use_electrostatic_nn",
            "use_electrostatics",
            "use_fixed_charges",
        ),
        "charges",
    ),
}
"""What would change the numbers of a potential and is not computed here."""

# Everything below leaves the numbers of a trained potential of the short range as they are.
_TRAINING = """
batchsize_forces batchsize_structures bond_threshold cost_frequency dont_use_old_scaling
dont_use_old_weights dynforcegroup_start energy_fraction energy_threshold epochs
feature_extrapolation_threshold feature_map_default fitmode fitting_unit force_energy_ratio
force_fraction force_grouping_by_structure force_threshold force_update_scaling force_weight
gradient_adam_beta1 gradient_adam_beta2 gradient_adam_epsilon gradient_adam_eta gradient_eta
gradient_type jacobian_mode joint_energy_force_update kalman_damp_force kalman_damp_short
kalman_epsilon kalman_eta kalman_etamax kalman_etatau kalman_lambda_short kalman_nue_short kalman_q0
kalman_qmin kalman_qtau kalman_type loss_threshold_factor_energy loss_threshold_factor_forces
main_error_metric max_energy max_force max_ram_size memorize_symfunc_results mix_all_points
nguyen_widrow_weights_short noise_energy noise_force
normalize_data_set opt optimizer optmode_charge optmode_short_energy optmode_short_force
parallel_mode points_in_memory precondition_weights random_number_type random_seed
random_seed_shuffle random_seed_split regularize_fit_param repeated_energy_update reset_kalman
restrict_weights rmse_threshold rmse_threshold_energy rmse_threshold_force rmse_threshold_trials
rmse_threshold_trials_energy rmse_threshold_trials_force save_kalman_matrices selection_mode
selection_mode_energy selection_mode_force short_energy_error_threshold short_energy_fraction
short_energy_group short_force_error_threshold short_force_fraction short_force_group
shuffle_weights_short_atomic task_batch_size_energy task_batch_size_force test_fraction train_pes
update_single_element update_strategy updater_type use_damping use_energy use_forces use_noisematrix
use_old_scaling use_old_weights_short use_systematic_weights_short weights_max
weights_min worst_case_short
"""
_OUTPUT = """
analyze_composition analyze_error analyze_error_charge_step analyze_error_energy_step
analyze_error_force_step calculate_final_force calculate_forces calculate_hessian calculate_stress
check_extrapolations check_forces check_input_forces data_clustering debug_mode
detailed_extrapolation_warnings detailed_timing detailed_timing_epoch
enforce_max_num_neighbors_atomic find_contradictions ignore_online_clustering md_mode
prepare_md print_all_deriv_short_weights print_all_electrostatic_weights print_all_short_weights
print_convergence_vector print_date_and_time print_force_components print_mad print_sensitivity
read_unformatted runner_mode separate_bias_ini_short separate_kalman_short silent_mode
sort_symfunctions use_atom_charges use_atom_energies use_ipi use_omp_mkl use_short_nn verbosity
weight_analysis write_binding_energy_only write_fit_statistics write_frequency write_neuronstats
write_pdb write_pov write_pwscf write_symfunctions write_temporary_weights write_traincharges
write_trainforces write_trainlog write_trainpoints write_unformatted write_weights_epoch write_xyz
"""
# Charges of atoms are a network beside this one, which a potential of the second generation has no
# use for; n2p2 passes over them, too. What switches them on is refused above.
_OF_CHARGES = """
charge_fraction charge_group element_activation_electrostatic element_hidden_layers_electrostatic
element_nodes_electrostatic elec_method electrostatics_precision
global_activation_electrostatic
global_hidden_layers_electrostatic global_nodes_electrostatic kalman_damp_charge
kalman_lambda_charge kalman_lambda_charge_constraint kalman_nue_charge kalman_nue_charge_constraint
nguyen_widrow_weights_charge nguyen_widrow_weights_ewald noise_charge qeq_method
rmse_threshold_charge rmse_threshold_trials_charge scale_max_elec scale_min_elec
selection_mode_charge symfunction_electrostatic task_batch_size_charge use_old_weights_charge
use_systematic_weights_electrostatic weightse_max weightse_min
"""
ALWAYS = frozenset({"use_short_forces"})
"""What n2p2 has to be told, and goes without saying here."""

WITHOUT_EFFECT = frozenset((_TRAINING + _OUTPUT + _OF_CHARGES).split())
"""What concerns training, output, or charges that a potential of the short range has not."""
